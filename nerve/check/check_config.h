// What is configured about one check. Light, so that the configuration does not depend on how checks work.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "nerve/check/http_options.h"
#include "nerve/health/rise_fall.h"

namespace nerve {

struct TcpOptions {
  friend bool operator==(const TcpOptions&, const TcpOptions&) = default;
};
struct ExecOptions {
  std::vector<std::string> command;
  std::map<std::string, std::string> environment;  // added to nerve's own
  friend bool operator==(const ExecOptions&, const ExecOptions&) = default;
};
struct SqlOptions {
  std::string driver = "mysql";  // or "postgres"
  std::string datasource;        // a template; empty: the driver's own. It may hold a password
  std::string username = "root";
  std::string password;
  std::string request = "select 1";
  friend bool operator==(const SqlOptions&, const SqlOptions&) = default;
};
struct RedisOptions {
  std::string username;  // of Redis' ACL; empty: the default user
  std::string password;  // empty: none is given
  friend bool operator==(const RedisOptions&, const RedisOptions&) = default;
};
struct AmqpOptions {
  std::string datasource;  // a template; empty: one of all the keys below. It may hold a password
  std::string vhost;       // empty: "/"
  std::string queue = "nerve";
  std::string username = "guest";
  std::string password = "guest";
  friend bool operator==(const AmqpOptions&, const AmqpOptions&) = default;
};

struct CheckConfig {
  std::string type = "tcp";
  std::string host;
  int port = 0;
  bool prefer_ipv4 = false;  // the service's
  std::chrono::milliseconds timeout{1000};
  std::chrono::milliseconds interval{1000};    // from start to start
  std::chrono::milliseconds fast_interval{0};  // after a first failure, until there is a verdict or a pass; 0: as ever
  Thresholds thresholds;
  std::variant<TcpOptions, HttpOptions, ExecOptions, SqlOptions, RedisOptions, AmqpOptions, ProxyHttpOptions,
               KubernetesOptions, GrpcOptions, RabbitmqOptions, NoopOptions>
      options;

  friend bool operator==(const CheckConfig&, const CheckConfig&) = default;
};

}  // namespace nerve
