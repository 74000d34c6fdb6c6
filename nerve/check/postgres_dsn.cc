#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>

#include "nerve/check/dsn.h"
#include "nerve/check/dsn_parts.h"
#include "nerve/check/url.h"

namespace nerve {
namespace {

using common::fail;
using common::Result;

// Of the manual of libpq, "Parameter Key Words"; what is not here is a setting of the server.
constexpr std::array kPostgresKeywords = {"user",
                                          "password",
                                          "passfile",
                                          "dbname",
                                          "require_auth",
                                          "channel_binding",
                                          "client_encoding",
                                          "options",
                                          "application_name",
                                          "fallback_application_name",
                                          "keepalives",
                                          "keepalives_idle",
                                          "keepalives_interval",
                                          "keepalives_count",
                                          "tcp_user_timeout",
                                          "replication",
                                          "gssencmode",
                                          "sslmode",
                                          "sslnegotiation",
                                          "sslcompression",
                                          "sslcert",
                                          "sslkey",
                                          "sslpassword",
                                          "sslcertmode",
                                          "sslrootcert",
                                          "sslcrl",
                                          "sslcrldir",
                                          "sslsni",
                                          "requirepeer",
                                          "ssl_min_protocol_version",
                                          "ssl_max_protocol_version",
                                          "krbsrvname",
                                          "gsslib",
                                          "gssdelegation",
                                          "service",
                                          "servicefile",
                                          "target_session_attrs"};

// Of lib/pq; they change how Go code sees the answer.
constexpr std::array kPostgresParametersWithoutMeaning = {"binary_parameters", "disable_prepared_binary_result",
                                                          "sslinline"};

// "key=value key='value'" as libpq's PQconninfoParse reads it.
Result<std::map<std::string, std::string>> parse_words(std::string_view text) {
  std::map<std::string, std::string> words;
  std::size_t at = 0;
  const auto skip_space = [&] {
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at]))) ++at;
  };
  for (skip_space(); at < text.size(); skip_space()) {
    std::string key;
    while (at < text.size() && text[at] != '=' && !std::isspace(static_cast<unsigned char>(text[at]))) {
      key += text[at++];
    }
    skip_space();
    if (at >= text.size() || text[at] != '=') return fail("must be a URL, or words of the form key=value");
    ++at;
    skip_space();
    const bool quoted = at < text.size() && text[at] == '\'';
    if (quoted) ++at;
    std::string value;
    while (at < text.size() && (quoted ? text[at] != '\'' : !std::isspace(static_cast<unsigned char>(text[at])))) {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      value += text[at++];
    }
    if (quoted && at >= text.size()) return fail("has a quote that is not closed");
    if (quoted) ++at;
    words[key] = value;
  }
  return words;
}

std::string_view after_postgres_scheme(std::string_view text) {
  for (const std::string_view scheme : {"postgres://", "postgresql://"}) {
    if (text.starts_with(scheme)) return text.substr(scheme.size());
  }
  return {};
}

Result<std::map<std::string, std::string>> parse_postgres_url(std::string_view text) {
  auto url = parse_url_after_scheme(after_postgres_scheme(text));
  if (!url) return url.error();
  std::map<std::string, std::string> words;
  if (url->username && !url->username->empty()) words["user"] = *url->username;
  if (url->password) words["password"] = *url->password;
  if (!url->host.empty()) words["host"] = url->host;
  if (url->port) words["port"] = std::to_string(*url->port);
  if (!url->path.empty()) words["dbname"] = url->path;
  for (auto& [key, value] : url->query) words[key] = std::move(value);
  return words;
}

Result<void> read_postgres_host(std::map<std::string, std::string>& words, PostgresDsn& dsn) {
  for (const char* key : {"host", "hostaddr"}) {
    if (const auto found = words.extract(key); found && !found.mapped().empty()) dsn.host = found.mapped();
  }
  if (dsn.host.find(',') != std::string::npos) return fail("must name one host; a check asks one server");
  if (!dsn.host.starts_with('/')) {
    if (const auto ok = refuse_bad_host(dsn.host); !ok) return ok.error();
  }
  if (const auto found = words.extract("port")) {
    const auto port = parse_host_port(":" + found.mapped());
    if (!port) return port.error();
    dsn.port = port->port.value_or(dsn.port);
  }
  return {};
}

Result<void> read_postgres_timeout(std::map<std::string, std::string>& words, PostgresDsn& dsn) {
  const auto found = words.extract("connect_timeout");
  if (!found) return {};
  const auto timeout = parse_duration(found.mapped() + "s");
  if (!timeout) return fail("has a connect_timeout that is no number of seconds");
  dsn.timeout = limit_of(*timeout);
  return {};
}

// As the server's -c option, in the notation of libpq's `options`.
std::string as_option(const std::string& key, const std::string& value) {
  std::string option = "-c " + key + "=";
  for (const char c : value) {
    if (c == ' ' || c == '\\') option += '\\';
    option += c;
  }
  return option;
}

}  // namespace

bool is_postgres_url(std::string_view text) {
  return text.starts_with("postgres://") || text.starts_with("postgresql://");
}

Result<PostgresDsn> parse_postgres_dsn(std::string_view text) {
  auto words = is_postgres_url(text) ? parse_postgres_url(text) : parse_words(text);
  if (!words) return words.error();
  for (const auto& [key, value] : *words) {
    if (const auto ok = refuse_nul(key + value); !ok) return ok.error();
  }
  PostgresDsn dsn;
  if (const auto ok = read_postgres_host(*words, dsn); !ok) return ok.error();
  if (const auto ok = read_postgres_timeout(*words, dsn); !ok) return ok.error();
  std::string settings;
  for (auto& [key, value] : *words) {
    if (contains(kPostgresKeywords, key)) {
      dsn.parameters[key] = value;
    } else if (!contains(kPostgresParametersWithoutMeaning, key)) {
      if (!is_setting_name(key)) return fail("has a parameter whose name is none");
      settings += (settings.empty() ? "" : " ") + as_option(key, value);
    }
  }
  if (!settings.empty()) {
    auto& options = dsn.parameters["options"];
    options += (options.empty() ? "" : " ") + settings;
  }
  return dsn;
}

}  // namespace nerve
