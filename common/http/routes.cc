#include "common/http/routes.h"

#include <optional>
#include <utility>

namespace common::http {
namespace {

std::optional<Arguments> match(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  Arguments arguments;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i].starts_with(':')) {
      arguments[pattern[i].substr(1)] = path[i];
    } else if (pattern[i] != path[i]) {
      return std::nullopt;
    }
  }
  return arguments;
}

}  // namespace

Routes& Routes::add(std::string method, std::string pattern, Handler handler) {
  std::vector<std::string> segments;
  (void)split_path(pattern, segments);  // a pattern is ours and well-formed
  routes_.push_back({std::move(method), std::move(segments), std::move(pattern), std::move(handler)});
  return *this;
}

void Routes::dispatch(const Request& request, Respond respond) const {
  std::vector<std::string> path;
  if (!split_path(request.path, path)) return respond(error_response(400, "malformed path"));
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  std::string others;
  for (const auto& route : routes_) {
    const auto arguments = match(route.segments, path);
    if (!arguments) continue;
    if (route.method == method) return route.handler(request, *arguments, std::move(respond));
    others += (others.empty() ? "" : ", ") + route.method;
  }
  if (!others.empty()) return respond(wrong_method(request, others));
  respond(error_response(404, "there is no " + request.path + "; / lists what there is"));
}

std::vector<std::string> Routes::list() const {
  std::vector<std::string> lines;
  for (const auto& route : routes_) lines.push_back(route.method + " " + route.pattern);
  return lines;
}

}  // namespace common::http
