#include "synapse/pool_options.h"

#include <optional>

#include "common/registration/validate.h"
#include "synapse/server_options.h"

namespace synapse {
namespace {

PoolOrder order_of(ServerSort sort) {
  switch (sort) {
    case ServerSort::random:
      return PoolOrder::random;
    case ServerSort::name:
      return PoolOrder::name;
    case ServerSort::date:
      return PoolOrder::date;
  }
  return PoolOrder::random;
}

// What a service's configuration says of the servers that fit it.
struct Fitness {
  int port;
  std::string bind_address;
  std::string server_options;
  bool with_labels;

  // A record that leads HAProxy to the frontend it stands behind would have each request go round until all connections
  // are used up.
  bool is_own_frontend(const RoutedServer& server) const {
    if (port == 0 || server.port != port) return false;
    const bool to_us = common::is_loopback(server.host) && common::is_any_address(bind_address);
    return to_us || (server.host == "localhost" ? "127.0.0.1" : server.host) == bind_address;
  }

  std::optional<std::string> why_unfit(const RoutedServer& server) const {
    if (is_own_frontend(server)) return "is the service's own frontend: a loop";
    if (!with_labels) return std::nullopt;
    return why_options_do_not_fit(server_options, server.name, server.labels);
  }
};

}  // namespace

PoolOptions pool_options(const ServiceConfig& config, const std::string& router_type, std::uint64_t seed) {
  PoolOptions options{.order = order_of(config.sort), .seed = seed, .rules = config.pool, .why_unfit = {}};
  if (router_type != "haproxy") return options;
  const bool with_labels = names_labels(config.server_options);
  options.why_unfit = [fitness = Fitness{.port = config.port,
                                         .bind_address = config.bind_address,
                                         .server_options = with_labels ? config.server_options : "",
                                         .with_labels = with_labels}](const RoutedServer& server) {
    return fitness.why_unfit(server);
  };
  return options;
}

}  // namespace synapse
