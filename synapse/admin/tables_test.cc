#include "synapse/admin/tables.h"

#include <string>

#include <gtest/gtest.h>

namespace synapse {
namespace {

using Table = common::Result<Shown>;

std::string text(const Table& table) {
  return table ? table->text : "error: " + table.error().message;
}

bool good(const Table& table) {
  return table && table->good;
}

std::string service(const std::string& name, const std::string& state, int in, const std::string& more = "") {
  return R"({"service":")" + name + R"(","router":{"type":"haproxy","place":"haproxy /h.cfg"},"state":")" + state +
         R"(","ready":true,"ageSeconds":3,"trouble":"","inService":)" + std::to_string(in) + R"(,"wanted":2)" + more +
         "}";
}

TEST(ServicesTable, HasALineForEach) {
  const auto table = services_table("[" + service("web", "ok", 2) + "," + service("orders", "empty", 0) + "]", false);
  EXPECT_EQ(text(table),
            "SERVICE  STATE  IN/WANTED  AGE  ROUTER          TROUBLE\n"
            "web      ok     2/2        3 s  haproxy /h.cfg  -\n"
            "orders   empty  0/2        3 s  haproxy /h.cfg  -\n");
  EXPECT_FALSE(good(table));
  EXPECT_TRUE(good(services_table("[" + service("web", "kept", 1) + "]", false)));
  EXPECT_FALSE(good(services_table(R"([{"service":"web","ready":false,"inService":1}])", false)));
  EXPECT_TRUE(good(services_table("[]", false)));
}

TEST(ServicesTable, ATerminalGetsColoursAndNothingElse) {
  EXPECT_NE(text(services_table("[" + service("web", "ok", 2) + "]", true)).find("\x1b[32mok\x1b[0m"),
            std::string::npos);
  EXPECT_NE(text(services_table("[" + service("web", "not ready", 0) + "]", true)).find("\x1b[31mnot ready"),
            std::string::npos);
  EXPECT_EQ(text(services_table("[" + service("w\\u001b[2Jb", "ok", 2) + "]", false)).find('\x1b'), std::string::npos);
}

TEST(ServersTable, SaysWhyEachIsInOrOut) {
  const std::string servers =
      R"(,"available":1,"unavailable":1,"source":{"type":"zookeeper","path":"/web"},"servers":[)"
      R"({"name":"a","in":true,"kind":"in","why":"ready with weight 4","wanted":{"host":"::1","port":80,"weight":5},)"
      R"("has":{"address":"::1","port":80,"weight":4}},)"
      R"({"name":"t","in":false,"kind":"gone","why":"no record since 12:00:07","wanted":null,)"
      R"("has":{"address":"10.0.0.3","port":80,"weight":4}}],)"
      R"("leftOut":[{"name":"","record":"x_node","address":"","weight":null,"kind":"invalid","why":"port 0"}],)"
      R"("gone":[{"name":"t","kind":"gone"},{"name":"b","record":"b_node","address":"10.0.0.2:80","weight":5,"kind":"gone","why":"no record"}])";
  const auto table = servers_table("[" + service("web", "pending", 1, servers) + "]", false);
  EXPECT_EQ(text(table),
            "service  web\n"
            "state    pending\n"
            "router   haproxy /h.cfg\n"
            "source   zookeeper /web, confirmed 3 s ago\n"
            "servers  1 of 2 in; the source says 1 available, 1 unavailable\n"
            "\n"
            "SERVER  STATE    WEIGHT  ADDRESS      WHY\n"
            "a       in       4/5     [::1]:80     ready with weight 4\n"
            "t       gone     -       10.0.0.3:80  no record since 12:00:07\n"
            "x_node  invalid  -       -            port 0\n"
            "b       gone     5       10.0.0.2:80  no record\n");
  EXPECT_TRUE(good(table));
}

TEST(DifferencesTable, HasALineForEach) {
  EXPECT_EQ(text(differences_table("[]")), "no difference\n");
  EXPECT_TRUE(good(differences_table("[]")));
  const auto table = differences_table(
      R"([{"service":"web","unknown":"","differences":[{"server":"a","what":"weight","wanted":"5","has":"4","why":""}]},)"
      R"({"service":"db","unknown":"HAProxy is away","differences":[]}])");
  EXPECT_EQ(text(table),
            "SERVICE  SERVER  WHAT     WANTED  HAS  WHY\n"
            "web      a       weight   5       4    -\n"
            "db       -       unknown  -       -    HAProxy is away\n");
  EXPECT_FALSE(good(table));
}

TEST(Explained, IsOneLine) {
  const std::string out = R"({"service":"web","router":{"place":"/h"},"in":false,"why":"no record\nsince 12:03:11"})";
  EXPECT_EQ(text(explained("[" + out + "]")), "out: no record?since 12:03:11\n");
  EXPECT_FALSE(good(explained("[" + out + "]")));
  const std::string in = R"({"service":"web","router":{"place":"console"},"in":true,"why":"ready"})";
  EXPECT_TRUE(good(explained("[" + in + "]")));
  EXPECT_EQ(text(explained("[" + in + "," + out + "]")), "console: in: ready\n/h: out: no record?since 12:03:11\n");
  EXPECT_FALSE(good(explained("[" + in + "," + out + "]")));
}

TEST(Tables, RefuseWhatIsNoneOfTheirs) {
  for (const auto* body : {"", "nonsense", "{}", "[1]", "[{}]", "\"x\"", "null"}) {
    EXPECT_EQ(text(services_table(body, false)), "error: the answer is no status") << body;
    EXPECT_EQ(text(servers_table(body, false)), "error: the answer is no status") << body;
    EXPECT_FALSE(differences_table(body).has_value()) << body;
    EXPECT_FALSE(explained(body).has_value()) << body;
  }
  EXPECT_FALSE(explained("[]").has_value());
  EXPECT_TRUE(servers_table(R"([{"service":1,"servers":7,"router":[],"source":3,"gone":[1]}])", false).has_value());
}

}  // namespace
}  // namespace synapse
