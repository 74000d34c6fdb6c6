// Why there is no connection to `peer` ("127.0.0.1:8080", a socket's path), in an operator's words. Pure.
#pragma once

#include <string>

#include <boost/system/error_code.hpp>

namespace common {

// "connection refused by 127.0.0.1:8080"
[[nodiscard]] std::string describe_connect_error(const boost::system::error_code& error, const std::string& peer);

}  // namespace common
