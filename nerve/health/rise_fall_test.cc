#include "nerve/health/rise_fall.h"

#include <string>

#include <gtest/gtest.h>

namespace nerve {
namespace {

struct Case {
  std::string what;
  Thresholds thresholds;
  std::string answers;  // '+' a pass, '-' a failure
  std::string changes;  // '.' unchanged, '?' pending, 'U' changed to up, 'D' changed to down
};

std::string changes_of(const Case& test) {
  RiseFall rise_fall(test.thresholds);
  std::string changes;
  for (const char answer : test.answers) {
    switch (rise_fall.add(answer == '+')) {
      case RiseFall::Change::unchanged:
        changes += '.';
        break;
      case RiseFall::Change::pending:
        changes += '?';
        break;
      case RiseFall::Change::changed:
        changes += *rise_fall.verdict() ? 'U' : 'D';
        break;
    }
  }
  return changes;
}

TEST(RiseFall, CountsAnswersInARow) {
  const Case cases[] = {
      {"the first verdict needs rise passes", {3, 2}, "+++", "??U"},
      {"the first verdict needs fall failures", {3, 2}, "--", "?D"},
      {"one is enough when one is asked for", {1, 1}, "+-+", "UDU"},
      {"the first verdict needs them in a row", {3, 3}, "++-++-+++", "????????U"},
      {"a pass between failures starts the count anew", {1, 3}, "+--+--+---", "U??.??.??D"},
      {"a failure between passes starts the count anew", {3, 1}, "-++-++-+++", "D??.??.??U"},
      {"answers that agree with the verdict do not count towards the next", {2, 2}, "++++-+-+--", "?U..?.?.?D"},
      {"up, down and up again", {2, 3}, "++---++", "?U??D?U"},
  };
  for (const Case& test : cases) EXPECT_EQ(changes_of(test), test.changes) << test.what;
}

TEST(RiseFall, HasNoVerdictAtFirst) {
  RiseFall rise_fall({2, 2});
  EXPECT_EQ(rise_fall.verdict(), std::nullopt);
  rise_fall.add(true);
  EXPECT_EQ(rise_fall.verdict(), std::nullopt);
}

}  // namespace
}  // namespace nerve
