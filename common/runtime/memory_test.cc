#include "common/runtime/memory.h"

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace common {
namespace {

// Kilobytes.
long resident(const std::string& kind) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kind + ":")) return std::stol(line.substr(kind.size() + 1));
  }
  return -1;
}

TEST(Memory, GivesBackWhatIsFreeAndCodeThatIsNotUsed) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer keeps what is free, and its own books of the code";
#endif
  std::vector<std::unique_ptr<std::vector<char>>> blocks;
  for (int i = 0; i < 4'000; ++i) blocks.push_back(std::make_unique<std::vector<char>>(4'000, 'x'));
  const auto last = std::move(blocks.back());  // it keeps the others from going back on their own
  blocks.clear();
  const long anonymous = resident("RssAnon");
  const long of_files = resident("RssFile");
  give_back_memory();
  EXPECT_LT(resident("RssFile"), of_files);
  EXPECT_LT(resident("RssAnon"), anonymous - 10'000);
  EXPECT_EQ(std::count(last->begin(), last->end(), 'x'), 4'000) << "what is in use stays";
}

}  // namespace
}  // namespace common
