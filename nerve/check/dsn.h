// Where a database or a broker is and how to log in there, in the notations that go-nerve's libraries read:
// go-sql-driver/mysql, lib/pq, streadway/amqp. Pure.
//
// An error says what is wrong in words that follow "datasource", and never shows a part of the text, which may hold a
// password at an unexpected place.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace nerve {

// user:password@tcp(host:port)/database?key=value or user:password@unix(/path)/database
struct MysqlDsn {
  enum class Tls { off, preferred, unverified, verified };

  std::string username;
  std::string password;
  std::string host = "127.0.0.1";
  int port = 3306;
  std::string socket_path;  // a unix socket; host and port then have no meaning
  std::string database;
  Tls tls = Tls::off;
  std::string charset;
  std::map<std::string, std::string> variables;      // of the session, set after the login; values as SQL
  std::optional<std::chrono::milliseconds> timeout;  // of the connection

  friend bool operator==(const MysqlDsn&, const MysqlDsn&) = default;
};
[[nodiscard]] common::Result<MysqlDsn> parse_mysql_dsn(std::string_view text);

// postgres://user:password@host:port/database?key=value or key=value key='value'
struct PostgresDsn {
  std::string host = "localhost";  // a name or an address; a directory, then there is the unix socket for `port`
  int port = 5432;
  // By libpq's keywords, without host, hostaddr, port and connect_timeout. What is no keyword of libpq is a setting of
  // the server's and has become a part of "options".
  std::map<std::string, std::string> parameters;
  std::optional<std::chrono::milliseconds> timeout;  // of the connection

  friend bool operator==(const PostgresDsn&, const PostgresDsn&) = default;
};
[[nodiscard]] bool is_postgres_url(std::string_view text);
[[nodiscard]] common::Result<PostgresDsn> parse_postgres_dsn(std::string_view text);

// amqp://user:password@host:port/vhost
struct AmqpUrl {
  std::string username = "guest";
  std::string password = "guest";
  std::string host = "localhost";
  int port = 5672;
  std::string vhost = "/";

  friend bool operator==(const AmqpUrl&, const AmqpUrl&) = default;
};
[[nodiscard]] common::Result<AmqpUrl> parse_amqp_url(std::string_view text);

}  // namespace nerve
