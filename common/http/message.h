// A request and a response of the admin API, free of any HTTP library. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace common::http {

struct Request {
  std::string method;
  std::string path;                          // percent-decoded, without the query
  std::map<std::string, std::string> query;  // percent-decoded; the last of equal names counts
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
};

// {"error": message}
[[nodiscard]] Response error_response(int status, std::string_view message);

// go-nerve's rule for booleans in a query: true when the value starts with y, t or 1 (any case).
[[nodiscard]] bool query_flag(const Request& request, const std::string& name);

// Splits "/path?a=b&c" and decodes its parts; false when an escape is malformed.
[[nodiscard]] bool parse_target(std::string_view target, Request& request);

}  // namespace common::http
