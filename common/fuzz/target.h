// What a fuzz target is written with. FUZZ_TARGET(name) { ... input ... } is a program of libFuzzer's in the preset
// "fuzz"; everywhere else it is a unit test of its room, which gives the same code each file of
// integration/fuzz/corpus/<name>. A target reads nothing but its input and the files it makes itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#ifndef FUZZING
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#endif

namespace common::fuzz {

// A property that does not hold ends the run; nobody catches this.
class Broken : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

inline void must(bool holds, std::string_view property) {
  if (!holds) throw Broken("broken: " + std::string(property));
}

inline void must(bool holds, std::string_view property, std::string_view shown) {
  if (!holds) throw Broken("broken: " + std::string(property) + ": " + std::string(shown));
}

// Cuts an input into what a target needs, so that the files of a corpus stay readable: pieces end with a line "%%".
class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}

  std::string_view piece() {
    constexpr std::string_view mark = "%%\n";
    std::size_t at = 0;
    while ((at = rest_.find(mark, at)) != std::string_view::npos && at > 0 && rest_[at - 1] != '\n') ++at;
    auto piece = rest_.substr(0, at);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + mark.size());
    if (at != std::string_view::npos && !piece.empty()) piece.remove_suffix(1);
    return piece;
  }

  std::string_view line() {
    const auto end = std::min(rest_.find('\n'), rest_.size());
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return line;
  }

  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// Fit for a log and for one line of a file.
inline bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

// Letters, digits and those of `others`.
inline bool made_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

#ifndef FUZZING
template <class Target>
void replay(const std::string& name, Target target) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(FUZZ_CORPUS) / name)) {
    SCOPED_TRACE(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_NO_THROW(target(bytes));
    ++files;
  }
  EXPECT_GT(files, 0) << "an empty corpus proves nothing";
}
#endif

}  // namespace common::fuzz

#ifdef FUZZING
#define FUZZ_TARGET(name)                                                             \
  static void fuzz_##name(std::string_view bytes);                                    \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    fuzz_##name(std::string_view(reinterpret_cast<const char*>(data), size));         \
    return 0;                                                                         \
  }                                                                                   \
  static void fuzz_##name(std::string_view bytes)
#else
#define FUZZ_TARGET(name)                          \
  static void fuzz_##name(std::string_view bytes); \
  TEST(Fuzz, name) {                               \
    common::fuzz::replay(#name, fuzz_##name);      \
  }                                                \
  static void fuzz_##name(std::string_view bytes)
#endif
