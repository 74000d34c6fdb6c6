#include "common/http/access.h"

#include <algorithm>
#include <utility>

namespace common::http {
namespace {

bool same_secret(std::string_view secret, std::string_view presented) {
  unsigned difference = secret.size() == presented.size() ? 0 : 1;
  for (std::size_t i = 0; i < presented.size(); ++i) {
    difference |= static_cast<unsigned char>(secret[i % secret.size()]) ^ static_cast<unsigned char>(presented[i]);
  }
  return difference == 0;
}

Response unauthorized() {
  Response response =
      error_response(401, "this changes something and needs the header \"Authorization: Bearer TOKEN\"");
  response.headers["WWW-Authenticate"] = "Bearer";
  return response;
}

}  // namespace

bool presents_token(const Request& request, std::string_view token) {
  constexpr std::string_view scheme = "bearer ";
  const auto found = request.headers.find("authorization");
  if (token.empty() || found == request.headers.end() || found->second.size() < scheme.size()) return false;
  const std::string_view value = found->second;
  const auto same_letter = [](char wanted, unsigned char given) { return wanted == static_cast<char>(given | 0x20); };
  if (!std::equal(scheme.begin(), scheme.end(), value.begin(), same_letter)) return false;
  return same_secret(token, value.substr(std::min(value.find_first_not_of(' ', scheme.size()), value.size())));
}

void Access::set(std::string token, bool legacy_get) {
  token_ = std::move(token);
  legacy_get_ = legacy_get;
}

void Access::add_changing(Routes& routes, const std::string& pattern, const Handler& handler) {
  routes.add("PUT", pattern, put(handler));
  routes.add("GET", pattern, legacy_get(pattern, handler));
}

Handler Access::put(const Handler& handler) {
  return [this, handler](const Request& request, const Arguments& arguments, Respond respond) {
    if (!token_.empty() && !presents_token(request, token_)) return respond(unauthorized());
    handler(request, arguments, std::move(respond));
  };
}

Handler Access::legacy_get(const std::string& pattern, const Handler& handler) {
  return [this, pattern, handler](const Request& request, const Arguments& arguments, const Respond& respond) {
    // HEAD arrives here, too.
    if (request.method != "GET" || !legacy_get_ || !token_.empty()) return respond(wrong_method(request, "PUT"));
    if (told_.insert(pattern).second) on_legacy_get_(pattern);
    handler(request, arguments, [respond](Response response) {
      response.headers["Warning"] = "299 - \"GET is deprecated here: use PUT\"";
      respond(std::move(response));
    });
  };
}

}  // namespace common::http
