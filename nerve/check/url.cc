#include "nerve/check/url.h"

#include <algorithm>
#include <cctype>

#include "common/digits.h"

namespace nerve {
namespace {

using common::fail;
using common::Result;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool complete = text[at] == '%' && at + 2 < text.size();
    const int high = complete ? hex_digit(text[at + 1]) : -1;
    const int low = complete ? hex_digit(text[at + 2]) : -1;
    if (high < 0 || low < 0) {
      result += text[at];
      continue;
    }
    result += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return result;
}

Result<HostPort> parse_host_port(std::string_view text) {
  HostPort result;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return fail("has a '[' without ']' around the host");
    result.host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) return fail("must have ':' and the port after the host");
  } else {
    const auto colon = text.find(':');
    if (colon != text.rfind(':')) return fail("must have brackets around an IPv6 address");
    result.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (port.size() <= 1) return result;
  result.port = common::number_in<int>(port.substr(1), 1, 65535);
  if (!result.port) return fail("must have a port from 1 to 65535 after the host");
  return result;
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> result;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    result.emplace_back(percent_decoded(pair.substr(0, equals)),
                        percent_decoded(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return result;
}

Result<Url> parse_url_after_scheme(std::string_view text) {
  Url url;
  const auto authority_end = std::min(text.find_first_of("/?#"), text.size());
  auto authority = text.substr(0, authority_end);
  auto rest = text.substr(authority_end);
  rest = rest.substr(0, rest.find('#'));

  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    const auto user_part = authority.substr(0, at);
    const auto colon = user_part.find(':');
    url.username = percent_decoded(user_part.substr(0, colon));
    if (colon != std::string_view::npos) url.password = percent_decoded(user_part.substr(colon + 1));
    authority.remove_prefix(at + 1);
  }
  auto where = parse_host_port(authority);
  if (!where) {
    return fail(where.error().message + "; in a user or password, '/' is written as %2F, '?' as %3F, '#' as %23");
  }
  url.host = percent_decoded(where->host);
  url.port = where->port;

  const auto question = std::min(rest.find('?'), rest.size());
  if (rest.starts_with('/')) url.path = percent_decoded(rest.substr(1, question - 1));
  url.query = parse_query(rest.substr(std::min(question + 1, rest.size())));
  return url;
}

}  // namespace nerve
