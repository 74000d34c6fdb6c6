#include "nerve/check/sql_check.h"

#include <algorithm>
#include <utility>

#include "common/config/reader.h"
#include "common/foreign_words.h"
#include "common/registration/validate.h"
#include "common/runtime/resolver.h"
#include "nerve/check/datasource.h"
#include "nerve/check/dsn.h"
#include "nerve/check/mysql_check.h"
#include "nerve/check/postgres_check.h"

namespace nerve {
namespace {

// go-nerve's.
constexpr std::string_view kMysqlDatasource =
    "{{.Username}}:{{.Password}}@tcp([{{.Host}}]:{{.Port}})/?timeout={{.TimeoutInMilli}}ms";
// go-nerve has none. The database is one that every server has.
constexpr std::string_view kPostgresDatasource =
    "postgres://{{.Username}}:{{.Password}}@[{{.Host}}]:{{.Port}}/postgres?sslmode=disable";

common::Result<std::string> fill_in_datasource(const CheckConfig& config) {
  const auto& options = std::get<SqlOptions>(config.options);
  const bool mysql = options.driver == "mysql";
  const auto datasource = !options.datasource.empty() ? options.datasource
                          : mysql                     ? std::string(kMysqlDatasource)
                                                      : std::string(kPostgresDatasource);
  auto form = DatasourceForm::mysql;
  if (!mysql) form = is_postgres_url(datasource) ? DatasourceForm::url : DatasourceForm::words;
  const DatasourceFields fields{.username = options.username,
                                .password = options.password,
                                .host = config.host,
                                .port = config.port,
                                .vhost = {},
                                .timeout = config.timeout};
  return fill_in(datasource, fields, form);
}

// The timeout that the datasource sets, which only shortens the check's.
template <class Dsn>
common::Result<void> shorten_timeout(const common::Result<Dsn>& dsn, CheckConfig& config) {
  if (!dsn) return dsn.error();
  if (dsn->timeout) config.timeout = std::min(config.timeout, *dsn->timeout);
  return {};
}

}  // namespace

SqlCheck::SqlCheck(const CheckConfig& config, Place place, common::Resolver& resolver)
    : options_(std::get<SqlOptions>(config.options)),
      place_(std::move(place)),
      prefer_ipv4_(config.prefer_ipv4),
      resolver_(resolver) {}

boost::asio::awaitable<Answer> SqlCheck::run() {
  if (!place_.socket_path.empty()) {
    std::string none;
    const Attempt attempt = co_await ask(std::move(none));
    co_return attempt.answer;
  }
  const auto addresses = co_await resolver_.resolve(place_.host, prefer_ipv4_);
  if (!addresses) co_return Answer{false, addresses.error().message};
  Attempt last;
  for (const auto& address : *addresses) {
    std::string text = address.to_string();
    last = co_await ask(std::move(text));
    if (last.connected) break;
  }
  co_return last.answer;
}

std::string SqlCheck::target() const {
  return options_.driver + " at " + where(place_.host);
}

std::string SqlCheck::where(const std::string& address) const {
  return place_.socket_path.empty() ? common::host_port(address, place_.port) : place_.socket_path;
}

Answer SqlCheck::refusal(std::string_view words) const {
  return {false, target() + ": " + common::foreign_words(words)};
}

void read_sql(common::ObjectReader& object, CheckConfig& config) {
  SqlOptions options;
  options.driver = object.one_of("driver", options.driver, {"mysql", "postgres"});
  options.datasource = object.text("datasource", options.datasource);
  options.username = object.text("username", options.username);
  options.password = object.text("password", options.password);
  options.request = object.text("request", options.request);
  if (common::foreign_words(options.request).empty()) object.error("request", "must not be empty");
  config.options = std::move(options);

  const auto datasource = fill_in_datasource(config);
  const auto read = [&]() -> common::Result<void> {
    if (!datasource) return datasource.error();
    if (std::get<SqlOptions>(config.options).driver == "mysql") {
      return shorten_timeout(parse_mysql_dsn(*datasource), config);
    }
    return shorten_timeout(parse_postgres_dsn(*datasource), config);
  }();
  if (!read) object.error("datasource", read.error().message);
}

std::unique_ptr<Check> make_sql(const CheckConfig& config, const CheckContext& context) {
  const auto datasource = fill_in_datasource(config).value();
  if (std::get<SqlOptions>(config.options).driver == "mysql") {
    return std::make_unique<MysqlCheck>(config, parse_mysql_dsn(datasource).value(), context.resolver);
  }
  return std::make_unique<PostgresCheck>(config, parse_postgres_dsn(datasource).value(), context.resolver);
}

}  // namespace nerve
