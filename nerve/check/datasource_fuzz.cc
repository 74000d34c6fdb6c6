// Datasources of checks, as operators write them, and the values that are filled in.
#include <chrono>

#include "common/fuzz/target.h"
#include "common/registration/validate.h"
#include "nerve/check/datasource.h"
#include "nerve/check/dsn.h"
#include "nerve/check/url.h"

namespace {

using namespace nerve;
using common::fuzz::must;

constexpr std::string_view kMark = "Zx";
constexpr std::string_view kSecret = "Q9vK2wJ7";
constexpr std::chrono::hours kYear{24 * 366};

// With something in it that no message can have by chance.
std::string with_secret(std::string_view text) {
  std::string result(text);
  for (auto at = result.find(kMark); at != std::string::npos; at = result.find(kMark, at + kSecret.size())) {
    result.replace(at, kMark.size(), kSecret);
  }
  return result;
}

template <class Parsed>
bool parsed(const common::Result<Parsed>& result) {
  if (!result) {
    const auto& words = result.error().message;
    must(!words.empty() && words.find(kSecret) == std::string::npos, "nothing of the text in an error", words);
    must(!common::fuzz::has_control(words), "an error for a log", words);
  }
  return result.has_value();
}

void is_place(const std::string& host, int port) {
  must(common::is_ip_address(host) || common::is_host_name(host), "host", host);
  must(port >= 1 && port <= 65535, "port");
}

void is_limit(const std::optional<std::chrono::milliseconds>& timeout) {
  must(!timeout || (timeout->count() > 0 && *timeout <= kYear), "timeout");
}

void without_nul(std::string_view text) {
  must(text.find('\0') == std::string_view::npos, "no NUL");
}

void read(const std::string& text) {
  if (const auto mysql = parse_mysql_dsn(text); parsed(mysql)) {
    is_limit(mysql->timeout);
    without_nul(mysql->username + mysql->password + mysql->socket_path);
    if (mysql->socket_path.empty()) is_place(mysql->host, mysql->port);
    for (const auto& [name, value] : mysql->variables) must(common::fuzz::made_of(name, "_."), "variable", name);
  }
  if (const auto postgres = parse_postgres_dsn(text); parsed(postgres)) {
    is_limit(postgres->timeout);
    if (!postgres->host.starts_with('/')) is_place(postgres->host, postgres->port);
    for (const auto& [name, value] : postgres->parameters) {
      without_nul(name + value);
      must(name != "host" && name != "hostaddr" && name != "port" && name != "connect_timeout", "has its own field");
    }
  }
  if (const auto amqp = parse_amqp_url(text); parsed(amqp)) {
    is_place(amqp->host, amqp->port);
    without_nul(amqp->username + amqp->password + amqp->vhost);
  }
  if (const auto place = parse_host_port(text); parsed(place)) must(!place->port || *place->port > 0, "port");
  (void)parsed(parse_url_after_scheme(text));
}

// Whatever a user or a password holds arrives as it is; what can be told from an encoded value, that is.
void filled(const DatasourceFields& fields) {
  for (const std::string_view value : {fields.username, fields.password, fields.vhost}) {
    if (value.find('\0') != std::string_view::npos) return;
  }
  if (fields.username.find(':') == std::string::npos) {
    const auto text = fill_in("{{.Username}}:{{.Password}}@tcp({{.Host}}:{{.Port}})/", fields, DatasourceForm::mysql);
    const auto mysql = parse_mysql_dsn(text.value());
    must(mysql && mysql->username == fields.username && mysql->password == fields.password, "for mysql", *text);
    must(mysql->host == fields.host && mysql->port == fields.port, "place for mysql", *text);
  }
  if ((fields.username + fields.password + fields.vhost).find('%') == std::string::npos) {
    const auto text =
        fill_in("amqp://{{.Username}}:{{.Password}}@{{.Host}}:{{.Port}}/{{.Vhost}}", fields, DatasourceForm::url);
    const auto amqp = parse_amqp_url(text.value());
    must(amqp && amqp->username == fields.username && amqp->password == fields.password, "for amqp", *text);
    must(amqp->vhost == (fields.vhost.empty() ? "/" : fields.vhost), "vhost", *text);
  }
  if (!fields.username.empty() && (fields.username + fields.password).find('\\') == std::string::npos) {
    for (const auto* form : {"host={{.Host}} user={{.Username}} password='{{.Password}}'",
                             "password='{{.Password}}' host='{{.Host}}' port={{.Port}} user={{.Username}}"}) {
      const auto text = fill_in(form, fields, DatasourceForm::words);
      const auto postgres = parse_postgres_dsn(text.value());
      must(postgres && postgres->host == fields.host, "for postgres", *text);
      must(postgres->parameters.at("user") == fields.username, "user for postgres", *text);
      must(postgres->parameters.at("password") == fields.password, "password for postgres", *text);
    }
  }
}

}  // namespace

FUZZ_TARGET(datasource) {
  common::fuzz::Input input(bytes);
  const auto text = with_secret(input.piece());
  DatasourceFields fields{.host = "10.0.0.1", .port = 5672, .timeout = std::chrono::milliseconds(100)};
  fields.username = input.piece();
  fields.password = with_secret(input.piece());
  if (common::is_ipv6_address(input.rest())) fields.host = input.rest();
  fields.vhost = input.rest();
  read(text);
  for (const auto form : {DatasourceForm::mysql, DatasourceForm::url, DatasourceForm::words}) {
    if (const auto full = fill_in(text, fields, form); parsed(full)) read(*full);
  }
  filled(fields);
}
