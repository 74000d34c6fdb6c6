#include "nerve/check/kinds.h"

#include <array>
#include <stdexcept>

#include "common/registration/validate.h"
#include "nerve/check/amqp_check.h"
#include "nerve/check/exec_check.h"
#include "nerve/check/grpc_check.h"
#include "nerve/check/http_check.h"
#include "nerve/check/https_check.h"
#include "nerve/check/kubernetes_check.h"
#include "nerve/check/noop_check.h"
#include "nerve/check/proxyhttp_check.h"
#include "nerve/check/rabbitmq_check.h"
#include "nerve/check/redis_check.h"
#include "nerve/check/sql_check.h"
#include "nerve/check/tcp_check.h"
#include "nerve/read_kind.h"

namespace nerve {
namespace {

using common::ObjectReader;

constexpr std::int64_t kMostInARow = 1000;

constexpr std::array kKinds{
    CheckKind{"amqp", read_amqp, make_amqp},
    CheckKind{"exec", read_exec, make_exec},
    CheckKind{"grpc", read_grpc, make_grpc},
    CheckKind{"http", read_http, make_http},
    CheckKind{"https", read_https, make_https},
    CheckKind{"kubernetes", read_kubernetes, make_kubernetes},
    CheckKind{"noop", read_noop, make_noop},
    CheckKind{"proxyhttp", read_proxyhttp, make_proxyhttp},
    CheckKind{"rabbitmq", read_rabbitmq, make_rabbitmq},
    CheckKind{"redis", read_redis, make_redis},
    CheckKind{"sql", read_sql, make_sql},
    CheckKind{"tcp", read_tcp, make_tcp},
};

}  // namespace

CheckConfig read_check(const common::Reader& reader, const CheckConfig& service) {
  ObjectReader object(reader);
  CheckConfig config = service;
  const CheckKind* kind = read_kind(kKinds, object);
  if (kind == nullptr) return config;  // its keys are not known either
  config.type = kind->name;
  config.host = object.text("host", config.host);
  if (!common::is_ip_address(config.host) && !common::is_host_name(config.host)) {
    // The service's own host is judged where it stands.
    if (object.has("host")) {
      object.error("host", "must be an IP address or a host name, got " + common::quote_for_log(config.host));
    }
  }
  config.port = static_cast<int>(object.integer("port", config.port, {1, 65535}));
  config.timeout = object.milliseconds("timeoutInMilli", config.timeout);
  config.interval = object.milliseconds("checkIntervalInMilli", config.interval);
  config.fast_interval = object.milliseconds("fastIntervalInMilli", config.fast_interval, 0);
  if (config.fast_interval > config.interval) {
    object.error("fastIntervalInMilli", "must not be longer than checkIntervalInMilli, which is " +
                                            std::to_string(config.interval.count()) + ", got " +
                                            std::to_string(config.fast_interval.count()));
  }
  config.thresholds.rise = static_cast<int>(object.integer("rise", config.thresholds.rise, {1, kMostInARow}));
  config.thresholds.fall = static_cast<int>(object.integer("fall", config.thresholds.fall, {1, kMostInARow}));
  kind->read(object, config);
  object.finish();
  return config;
}

std::unique_ptr<Check> make_check(const CheckConfig& config, const CheckContext& context) {
  const CheckKind* kind = find_kind(kKinds, config.type);
  if (kind == nullptr) throw std::logic_error("no such kind of check: " + config.type);
  return kind->make(config, context);
}

}  // namespace nerve
