// Typed access to a Document. Every problem is collected with its place (`file:line: services[0].port: must be ...`),
// so that a person sees all of them at once. Keys are matched without case, as Go's decoder does. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/config/document.h"

namespace common {

// What reading a configuration found. Errors make it unusable, warnings are told and forgotten.
struct Diagnostics {
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
  bool strict = false;  // unknown keys are errors, not warnings

  bool ok() const { return errors.empty(); }
};

struct Range {
  std::int64_t min;
  std::int64_t max;
};

// One value at one place. Copies are cheap; a Reader must not outlive its Document and Diagnostics.
class Reader {
 public:
  Reader(const Document& document, Diagnostics& diagnostics);

  // `file:line: path: message`
  void error(const std::string& message) const;
  void warn(const std::string& message) const;

  bool is_mapping() const;
  bool is_list() const;
  const std::string& path() const { return path_; }  // "services[0].checks[1]"
  std::string location() const;                      // "file:line"

  // The values of this node itself; each reports its own error and then returns the fallback (or nothing).
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::int64_t integer(Range range, std::int64_t fallback) const;
  [[nodiscard]] bool boolean(bool fallback) const;
  [[nodiscard]] std::vector<Reader> items() const;                            // of a list; anything else is an error
  [[nodiscard]] std::vector<std::pair<std::string, Reader>> members() const;  // of a mapping, in file order

 private:
  friend class ObjectReader;
  Reader(const DocumentNode& node, std::string path, const std::string& file, Diagnostics& diagnostics);
  std::string placed(int line, std::string_view key, const std::string& message) const;
  Reader child(const DocumentNode& node, std::string_view key) const;

  const DocumentNode* node_;
  std::string path_;
  const std::string* file_;
  Diagnostics* diagnostics_;
};

// A mapping whose keys are asked for one by one. Call finish() last: every key that was never asked for is reported as
// a warning (strict: an error) with the nearest known key.
class ObjectReader {
 public:
  explicit ObjectReader(Reader reader);  // an error is recorded when it is not a mapping; then it reads as empty

  const Reader& self() const { return self_; }
  bool has(std::string_view key);                    // the key stands there with a value that is not null
  std::optional<Reader> find(std::string_view key);  // for nested objects and lists

  [[nodiscard]] std::string text(std::string_view key, std::string_view fallback);
  [[nodiscard]] std::string required_text(std::string_view key);  // absent or empty is an error
  [[nodiscard]] bool boolean(std::string_view key, bool fallback);
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t fallback, Range range);
  [[nodiscard]] std::int64_t required_integer(std::string_view key, Range range);
  // A number of milliseconds, `minimum` or more (at most one year).
  [[nodiscard]] std::chrono::milliseconds milliseconds(std::string_view key, std::chrono::milliseconds fallback,
                                                       std::int64_t minimum = 1);
  // A list of strings (numbers and booleans are taken as written); a single scalar is an error.
  [[nodiscard]] std::vector<std::string> texts(std::string_view key);
  [[nodiscard]] std::map<std::string, std::string> text_map(std::string_view key);
  [[nodiscard]] std::vector<Reader> items(std::string_view key);  // absent: empty

  // One of the names, compared exactly; the error lists them and the nearest one.
  [[nodiscard]] std::string one_of(std::string_view key, std::string_view fallback,
                                   const std::vector<std::string>& names);

  // Records an error about a key, whether it stands there or not.
  void error(std::string_view key, const std::string& message) const;

  // Declares a key that is known but read elsewhere or has no effect, so that finish() does not call it unknown.
  void ignore(std::string_view key);

  void finish();

 private:
  const DocumentNode* value_of(std::string_view key) const;  // null: absent, or null

  Reader self_;
  std::vector<std::string> known_;
};

}  // namespace common
