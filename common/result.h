// Result<T>: what a function returns that can fail in normal life. Either the value or an Error whose message is
// meant for an operator: where, what, and what to do. Exceptions are left to third-party parsers and are caught at
// that boundary.
#pragma once

#include <string>
#include <utility>

#include <boost/system/result.hpp>

namespace common {

struct Error {
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

// Asking an error for its value is a fault in our code, not in the input.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Error>;

// return fail("...") reads better than return Error{...} in functions with many ways out.
inline Error fail(std::string message) {
  return Error{std::move(message)};
}

}  // namespace common
