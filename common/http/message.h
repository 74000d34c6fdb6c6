// A request and a response of the admin API, free of any HTTP library. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace common::http {

struct Request {
  std::string method;
  std::string path;                                 // as sent, without the query
  std::map<std::string, std::string> query;         // percent-decoded; the last of equal names counts
  std::map<std::string, std::string> headers = {};  // names in lower case; equal names joined with ", "
  std::string peer = {};                            // who has sent it, for messages
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::map<std::string, std::string> headers = {};  // further ones
};

// {"error": message}
[[nodiscard]] Response error_response(int status, std::string_view message);

// 405 (RFC 9110, section 15.5.6); `allowed`: "PUT, GET".
[[nodiscard]] Response wrong_method(const Request& request, const std::string& allowed);

// go-nerve's rule for booleans in a query: true when the value starts with y, t or 1 (any case).
[[nodiscard]] bool query_flag(const Request& request, const std::string& name);

// Splits "/path?a=b&c" and decodes the query; false when an escape in it is malformed.
[[nodiscard]] bool parse_target(std::string_view target, Request& request);

// "/services/web%2F1/" -> {"services", "web/1"}: split first, then decoded, so that an escaped slash belongs to its
// segment. False when the path does not start with a slash or an escape is malformed.
[[nodiscard]] bool split_path(std::string_view path, std::vector<std::string>& segments);

}  // namespace common::http
