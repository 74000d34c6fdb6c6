#include "common/http/visitor.h"

#include <algorithm>
#include <array>

#include "common/lower_case.h"
#include "common/registration/validate.h"

namespace common::http {
namespace {

// Top-level domains that no registry sells (RFC 6761, RFC 8375, ICANN's reservation of "internal"), and Kubernetes'
// own.
constexpr std::array<std::string_view, 4> kNobodys = {".localhost", ".internal", ".svc", ".home.arpa"};

bool matches(std::string_view host, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    if (name == "*") return true;
    const std::string wanted = lower_case(name);
    return wanted.starts_with('.') ? host.ends_with(wanted) : host == wanted;
  });
}

// Of "http://name:port"; of "null" and whatever else names nobody: nothing.
std::optional<std::string> host_of_origin(std::string_view origin) {
  const auto scheme = origin.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  origin.remove_prefix(scheme + 3);
  return host_of(origin.substr(0, origin.find('/')));
}

std::string refusal(std::string_view what, const std::string& host) {
  return std::string(what) + " " + quote_for_log(host) +
         " is no name of this machine: use its address or localhost, or put the name into apiAllowedHosts";
}

}  // namespace

std::optional<std::string> why_no_allowed_host(std::string_view entry) {
  if (entry == "*") return std::nullopt;
  const auto name = entry.starts_with('.') ? entry.substr(1) : entry;
  if (is_host_name(name)) return std::nullopt;
  return "must be a host name, a domain as \".example.org\", or \"*\", got " + quote_for_log(entry);
}

std::string host_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    return lower_case(authority.substr(1, end == std::string_view::npos ? end : end - 1));
  }
  auto host = authority.substr(0, authority.find(':'));
  if (host.ends_with('.')) host.remove_suffix(1);
  return lower_case(host);
}

bool is_known_host(std::string_view host, const HostRules& rules) {
  if (is_ip_address(host)) return true;
  if (matches(host, rules.allowed)) return true;
  if (!is_host_name(host)) return false;
  const bool nobodys =
      std::any_of(kNobodys.begin(), kNobodys.end(), [&](std::string_view domain) { return host.ends_with(domain); });
  return host.find('.') == std::string_view::npos || nobodys || matches(host, rules.own);
}

bool is_from_browser(const Request& request) {
  constexpr std::array marks = {"origin", "referer", "accept-language"};
  const auto& headers = request.headers;
  if (std::any_of(marks.begin(), marks.end(), [&](const char* mark) { return headers.contains(mark); })) return true;
  const auto fetch = headers.lower_bound("sec-fetch-");
  if (fetch != headers.end() && fetch->first.starts_with("sec-fetch-")) return true;
  const auto agent = headers.find("user-agent");
  return agent != headers.end() && agent->second.starts_with("Mozilla/");
}

std::optional<std::string> why_foreign(const Request& request, const HostRules& rules) {
  const auto origin = request.headers.find("origin");
  if (origin != request.headers.end()) {
    const auto from = host_of_origin(origin->second);
    if (!from || !is_known_host(*from, rules)) return refusal("the page's origin", from.value_or(origin->second));
  }
  const auto found = request.headers.find("host");
  if (found == request.headers.end()) return std::nullopt;  // HTTP/1.0, which no browser speaks
  if (!rules.strict && !is_from_browser(request)) return std::nullopt;
  const auto host = host_of(found->second);
  return is_known_host(host, rules) ? std::nullopt : std::optional(refusal("the host", host));
}

std::vector<std::string> own_hosts(std::string_view host_name, std::string_view resolv_conf) {
  std::vector<std::string> names;
  if (!host_name.empty()) names.push_back(lower_case(host_name));
  constexpr std::string_view blanks = " \t\r";
  while (!resolv_conf.empty()) {
    const auto end = std::min(resolv_conf.find('\n'), resolv_conf.size());
    auto line = resolv_conf.substr(0, end);
    resolv_conf.remove_prefix(std::min(end + 1, resolv_conf.size()));
    for (bool first = true, domains = false;; first = false) {
      line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
      if (line.empty()) break;
      const auto word = line.substr(0, line.find_first_of(blanks));
      line.remove_prefix(word.size());
      if (first) domains = word == "search" || word == "domain";
      // A top-level domain alone would let in everybody below it.
      const bool fits = domains && !first && is_host_name(word) && word.find('.') < word.size() - 1;
      if (fits) names.push_back("." + host_of(word));
    }
  }
  return names;
}

}  // namespace common::http
