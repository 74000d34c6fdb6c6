// The value of an Authorization header for user and password (RFC 7617). Pure.
#pragma once

#include <string>
#include <string_view>

namespace nerve {

// "Basic dXNlcjpwYXNzd29yZA=="
[[nodiscard]] std::string basic_authorization(std::string_view username, std::string_view password);

}  // namespace nerve
