// What an HTTP check expects of an answer, and how it tells that an answer is another. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"
#include "nerve/check/status_ranges.h"

namespace nerve {

// No more of a body is read.
inline constexpr std::size_t kMaxHttpBody = std::size_t{64} * 1024;

// A text that must occur in a body; or, written as /.../, an extended regular expression as grep -E takes it, line by
// line. (POSIX's matcher works without recursion: std::regex overflows the stack on a long body.)
class BodyPattern {
 public:
  // The error is for the operator who wrote the expression.
  [[nodiscard]] static common::Result<BodyPattern> parse(const std::string& text);

  bool found_in(std::string_view body) const;

 private:
  struct Expression;

  std::string text_;                              // to be found, unless there is an expression
  std::shared_ptr<const Expression> expression_;  // immutable
};

class HttpExpectation {
 public:
  // `body`: as in the configuration, empty: any. A pattern that does not parse is a fault of ours: the configuration
  // has refused it.
  HttpExpectation(StatusRanges status, const std::string& body);

  bool needs_body() const { return !body_.empty(); }

  // Why the answer is not as expected, with the server's own words; empty when it is. `body`: as much as was read. When
  // that is all that is ever read and it would have to hold more, the limit check_body is hit.
  std::string objection(int status, std::string_view body, const std::string& target) const;

 private:
  StatusRanges status_;
  std::string body_;
  BodyPattern pattern_;
};

}  // namespace nerve
