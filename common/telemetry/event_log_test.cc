#include "common/telemetry/event_log.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace common {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;
using testing::ElementsAre;
using testing::IsEmpty;

Transition transition(const std::string& service, const std::string& new_value) {
  return {.time = {},
          .service = service,
          .what = "state",
          .part = "",
          .old_value = "",
          .new_value = new_value,
          .reason = ""};
}

std::vector<std::string> values(const std::vector<const Transition*>& transitions) {
  std::vector<std::string> result;
  for (const auto* found : transitions) result.push_back(found->new_value);
  return result;
}

TEST(EventLog, KeepsTheLastOnes) {
  EventLog events(3);
  EXPECT_THAT(events.last(10, ""), IsEmpty());
  for (const auto* value : {"a", "b", "c", "d"}) events.add(transition("web", value));
  EXPECT_THAT(values(events.last(10, "")), ElementsAre("b", "c", "d"));
  EXPECT_THAT(values(events.last(2, "")), ElementsAre("c", "d"));
  EXPECT_THAT(events.last(0, ""), IsEmpty());
}

TEST(EventLog, FindsThoseOfOneService) {
  EventLog events;
  for (const auto* value : {"a", "b", "c"}) {
    events.add(transition("web", value));
    events.add(transition("db", value));
  }
  EXPECT_THAT(values(events.last(2, "web")), ElementsAre("b", "c"));
  EXPECT_THAT(events.last(2, "we"), IsEmpty());
}

TEST(EventLog, ShortensALongReason) {
  EventLog events;
  auto long_one = transition("web", "unavailable");
  long_one.reason = std::string(10'000, 'x');
  events.add(long_one);
  EXPECT_EQ(events.last(1, "")[0]->reason, std::string(500, 'x') + "...");
}

TEST(Rfc3339, IsInUtcWithMilliseconds) {
  EXPECT_EQ(rfc3339(system_clock::time_point(milliseconds(1769860800123))), "2026-01-31T12:00:00.123Z");
  EXPECT_EQ(rfc3339(system_clock::time_point()), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(system_clock::time_point(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace common
