// Where a request to the admin API comes from: whether a web page may have sent it through somebody's browser. A page
// can have any name of its own resolve to this machine (DNS rebinding), and any browser send a GET here; a name that
// only its owner can have, and headers that browsers always send, tell. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.h"

namespace common::http {

// The names by which this machine is reached.
struct HostRules {
  // Any other name is refused, whoever asks: fit for an API that only this machine reaches. False: it is refused to
  // browsers only.
  bool strict = true;
  std::vector<std::string> allowed;  // "name", ".domain" with all names below it, or "*"
  std::vector<std::string> own;      // likewise, but found out rather than configured
};

// Why an entry of `allowed` makes no sense; nothing: it does.
[[nodiscard]] std::optional<std::string> why_no_allowed_host(std::string_view entry);

// The name or address in "name:port" or "[address]:port", in lower case, without a dot at its end.
[[nodiscard]] std::string host_of(std::string_view authority);

// Whether it can be ours: an address, a name without a dot, one that nobody can register (below localhost, internal,
// svc, home.arpa), or one of the rules.
[[nodiscard]] bool is_known_host(std::string_view host, const HostRules& rules);

// Whether a browser has sent it: by Origin, Referer, Sec-Fetch-*, Accept-Language (which a page cannot take away), or
// the name it gives itself.
[[nodiscard]] bool is_from_browser(const Request& request);

// Why a request is not answered, for whoever has sent it; nothing: it is.
[[nodiscard]] std::optional<std::string> why_foreign(const Request& request, const HostRules& rules);

// The names that this machine calls its own: its host name, and the domains of /etc/resolv.conf's `search` and
// `domain` (the text of that file).
[[nodiscard]] std::vector<std::string> own_hosts(std::string_view host_name, std::string_view resolv_conf);

}  // namespace common::http
