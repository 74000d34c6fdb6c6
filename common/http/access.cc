#include "common/http/access.h"

#include <algorithm>
#include <utility>

#include "common/http/token_file.h"
#include "common/http/visitor.h"

namespace common::http {
namespace {

std::string padded(std::string_view text) {
  std::string result(text.substr(0, kLongestToken));
  result.resize(kLongestToken, '\0');
  return result;
}

// Always as much work, whatever is compared.
bool same_secret(std::string_view secret, std::string_view presented) {
  const std::string one = padded(secret);
  const std::string other = padded(presented);
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < kLongestToken; ++i) {
    difference = difference | static_cast<unsigned char>(one[i] ^ other[i]);
  }
  const bool same_length = secret.size() == presented.size();
  return static_cast<int>(difference == 0) * static_cast<int>(same_length) == 1;
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
    if (!token_.empty() && !presents_token(request, token_)) {
      if (on_unauthorized_) on_unauthorized_(request.peer);
      return respond(unauthorized());
    }
    handler(request, arguments, std::move(respond));
  };
}

Handler Access::legacy_get(const std::string& pattern, const Handler& handler) {
  return [this, pattern, handler](const Request& request, const Arguments& arguments, const Respond& respond) {
    // HEAD arrives here, too.
    const bool refused = request.method != "GET" || !legacy_get_ || !token_.empty() || is_from_browser(request);
    if (refused) return respond(wrong_method(request, "PUT"));
    if (told_.insert(pattern).second) on_legacy_get_(pattern);
    handler(request, arguments, [respond](Response response) {
      response.headers["Warning"] = "299 - \"GET is deprecated here: use PUT\"";
      respond(std::move(response));
    });
  };
}

}  // namespace common::http
