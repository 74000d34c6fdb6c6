#include "synapse/haproxy/frontends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse::haproxy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// As 2.6 has it, with fewer columns.
const std::string kStatHeader = "# pxname,svname,qcur,status,lastchg,last_chk,\n";

TEST(Frontends, ThatArePausedAreNamed) {
  EXPECT_THAT(parse_paused(kStatHeader + "web_1,FRONTEND,,OPEN,,,\napi_2,FRONTEND,,PAUSED,,,\nold,FRONTEND,,STOP,,,\n"
                                     "b,BACKEND,0,PAUSED,,,\nc,FRONTEND,,PAUSED,,\"a, b\",\n\n"),
              ElementsAre("api_2", "c"));
}

TEST(Frontends, OfAnotherAnswerAreNone) {
  for (const auto* reply : {"", "\n", "Permission denied\n", "# pxname,svname\nweb,FRONTEND\n", "# \n",
                            "web,FRONTEND,,PAUSED\n", "# status,pxname,svname\nPAUSED,a;b,FRONTEND\n"}) {
    EXPECT_THAT(parse_paused(reply), IsEmpty()) << reply;
  }
  EXPECT_THAT(parse_paused("# status,pxname,svname\nPAUSED,a,FRONTEND\n"), ElementsAre("a"));
}

TEST(Frontends, ThatWerePausedBeforeStaySo) {
  EXPECT_THAT(paused_by_load({"a", "b", "c"}, {"b"}), ElementsAre("a", "c"));
  EXPECT_THAT(paused_by_load({"b"}, {"b"}), IsEmpty());
  EXPECT_EQ(enable_frontend("a"), "enable frontend a");
}

}  // namespace
}  // namespace synapse::haproxy
