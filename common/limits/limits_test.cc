#include "common/limits/limits.h"

#include <algorithm>
#include <set>
#include <string_view>

#include <gtest/gtest.h>

namespace common {
namespace {

TEST(Limits, AreCountedEachForItself) {
  const auto before = limit_hits(Limit::file_bytes);
  const auto other = limit_hits(Limit::told_troubles);
  limit_hit(Limit::file_bytes);
  limit_hit(Limit::file_bytes);
  EXPECT_EQ(limit_hits(Limit::file_bytes), before + 2);
  EXPECT_EQ(limit_hits(Limit::told_troubles), other);
}

TEST(Limits, HaveNamesThatDifferAndFitALabel) {
  std::set<std::string_view> names;
  for (const auto& row : limits()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(std::all_of(row.name.begin(), row.name.end(), [](char c) {
      return c == '_' || (c >= 'a' && c <= 'z');
    })) << row.name;
  }
}

}  // namespace
}  // namespace common
