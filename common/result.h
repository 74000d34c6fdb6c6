// Result<T>: what a function returns that can fail in normal life. Either the value or an Error whose message is
// meant for an operator: where, what, and what to do. Exceptions are left to third-party parsers and are caught at
// that boundary.
#pragma once

#include <string>
#include <utility>

#include <boost/system/result.hpp>

namespace common {

struct Error {
  // Not an aggregate: C++20 would make it constructible from a string, and a Result<std::string> could then not tell a
  // value from an error.
  Error() = default;

  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

// Asking an error for its value is a fault in our code, not in the input.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Error>;

[[nodiscard]] inline Error fail(std::string message) {
  Error error;
  error.message = std::move(message);
  return error;
}

}  // namespace common
