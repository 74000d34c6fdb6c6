// Who may use the routes that change something: whoever presents the token, or everybody while there is none. GET on
// such a route, which go-nerve allows, is answered with a warning, and refused when there is a token, when it is
// switched off, and to browsers: a link, a picture in somebody's page or a crawler must not disable a service. Pure;
// loop thread only.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "common/http/routes.h"

namespace common::http {

class Access {
 public:
  // `on_legacy_get` is called for the first GET on each changing route, with its pattern; `on_unauthorized` for each
  // request without the right token, with its peer.
  explicit Access(std::function<void(const std::string& pattern)> on_legacy_get,
                  std::function<void(const std::string& peer)> on_unauthorized = {})
      : on_legacy_get_(std::move(on_legacy_get)), on_unauthorized_(std::move(on_unauthorized)) {}
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  // For all requests from now on. An empty token: none is needed.
  void set(std::string token, bool legacy_get);

  // Adds PUT and GET of a route that changes something. The Access must outlive the routes.
  void add_changing(Routes& routes, const std::string& pattern, const Handler& handler);

 private:
  Handler put(const Handler& handler);
  Handler legacy_get(const std::string& pattern, const Handler& handler);

  std::function<void(const std::string& pattern)> on_legacy_get_;
  std::function<void(const std::string& peer)> on_unauthorized_;
  std::string token_;
  bool legacy_get_ = true;
  std::set<std::string> told_;  // patterns
};

// Whether the header Authorization holds "Bearer <token>" (RFC 6750, section 2.1), in a time that tells neither how
// much of it was right nor how long the token is. A token has 4096 bytes at most.
[[nodiscard]] bool presents_token(const Request& request, std::string_view token);

}  // namespace common::http
