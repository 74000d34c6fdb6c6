#include "common/http/message.h"

#include <charconv>

#include <nlohmann/json.hpp>

namespace common::http {
namespace {

// RFC 3986, section 2.1; with `plus`, '+' is a space, as forms send it. False on a malformed escape.
bool percent_decode(std::string_view text, bool plus, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      unsigned value = 0;
      if (i + 2 >= text.size()) return false;
      const char* digits = text.data() + i + 1;
      const auto [end, problem] = std::from_chars(digits, digits + 2, value, 16);
      if (problem != std::errc{} || end != digits + 2) return false;
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += plus && text[i] == '+' ? ' ' : text[i];
    }
  }
  return true;
}

}  // namespace

Response error_response(int status, std::string_view message) {
  const nlohmann::json body{{"error", message}};
  return {.status = status,
          .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
          .content_type = "application/json",
          .headers = {}};
}

Response wrong_method(const Request& request, const std::string& allowed) {
  Response response = error_response(405, "use " + allowed + " for " + request.path);
  response.headers["Allow"] = allowed;
  return response;
}

bool query_flag(const Request& request, const std::string& name) {
  const auto found = request.query.find(name);
  if (found == request.query.end() || found->second.empty()) return false;
  return std::string_view("yYtT1").find(found->second.front()) != std::string_view::npos;
}

bool parse_target(std::string_view target, Request& request) {
  const auto question = target.find('?');
  request.path = std::string(target.substr(0, question));
  if (question == std::string_view::npos) return true;
  auto rest = target.substr(question + 1);
  while (!rest.empty()) {
    const auto ampersand = rest.find('&');
    const auto pair = rest.substr(0, ampersand);
    const auto equals = pair.find('=');
    std::string name;
    std::string value;
    if (!percent_decode(pair.substr(0, equals), true, name)) return false;
    if (equals != std::string_view::npos && !percent_decode(pair.substr(equals + 1), true, value)) return false;
    if (!name.empty()) request.query[name] = value;
    if (ampersand == std::string_view::npos) break;
    rest.remove_prefix(ampersand + 1);
  }
  return true;
}

bool split_path(std::string_view path, std::vector<std::string>& segments) {
  segments.clear();
  if (path.empty() || path.front() != '/') return false;
  path.remove_prefix(1);
  while (!path.empty()) {
    const auto slash = path.find('/');
    std::string segment;
    if (!percent_decode(path.substr(0, slash), false, segment)) return false;
    segments.push_back(std::move(segment));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return true;
}

}  // namespace common::http
