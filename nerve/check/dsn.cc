#include "nerve/check/dsn.h"

#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <utility>

#include "common/registration/validate.h"
#include "nerve/check/dsn_parts.h"
#include "nerve/check/url.h"

namespace nerve {

using common::fail;
using common::Result;
using std::chrono::milliseconds;

Result<void> refuse_nul(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return fail("must not contain a NUL character");
  return {};
}

Result<void> refuse_bad_host(std::string_view host) {
  if (common::is_ip_address(host) || common::is_host_name(host)) return {};
  return fail("must name a host: an IP address or a host name");
}

bool is_setting_name(std::string_view name) {
  const auto word = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.'; };
  return !name.empty() && std::all_of(name.begin(), name.end(), word);
}

std::optional<milliseconds> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 7> units{
      {{"ns", 1e-6}, {"us", 1e-3}, {"µs", 1e-3}, {"ms", 1.0}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}}};
  if (text.empty()) return std::nullopt;
  if (text == "0") return milliseconds(0);
  double total = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || !(number >= 0)) return std::nullopt;  // it may be "nan"
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto unit = text.substr(0, std::min(text.find_first_of("0123456789."), text.size()));
    const auto known = std::find_if(units.begin(), units.end(), [&](const auto& each) { return each.first == unit; });
    if (known == units.end()) return std::nullopt;
    total += number * known->second;
    text.remove_prefix(unit.size());
  }
  constexpr double year = 366.0 * 24 * 3.6e6;
  if (total > year) return std::nullopt;
  // Zero would mean no limit.
  return milliseconds(std::max<std::int64_t>(static_cast<std::int64_t>(total), total > 0 ? 1 : 0));
}

std::optional<milliseconds> limit_of(milliseconds timeout) {
  if (timeout.count() == 0) return std::nullopt;
  return timeout;
}

Result<AmqpUrl> parse_amqp_url(std::string_view text) {
  constexpr std::string_view scheme = "amqp://";
  if (text.starts_with("amqps://")) return fail("must begin with amqp://; TLS is not supported by this check");
  if (!text.starts_with(scheme)) return fail("must begin with amqp://");
  const auto url = parse_url_after_scheme(text.substr(scheme.size()));
  if (!url) return url.error();
  AmqpUrl result;
  result.username = url->username.value_or(result.username);
  result.password = url->password.value_or(result.password);
  if (!url->host.empty()) result.host = url->host;
  if (const auto ok = refuse_bad_host(result.host); !ok) return ok.error();
  result.port = url->port.value_or(result.port);
  if (!url->path.empty()) result.vhost = url->path;
  for (const auto& each : {result.username, result.password, result.vhost}) {
    if (const auto ok = refuse_nul(each); !ok) return ok.error();
  }
  return result;
}

}  // namespace nerve
