#include "synapse/output/console_router.h"

#include <cstdio>

#include <nlohmann/json.hpp>

namespace synapse {

std::string console_line(const std::string& service, const Routed& routed) {
  nlohmann::ordered_json line{{"service", service}, {"servers", nlohmann::ordered_json::array()}};
  for (const auto& server : routed.servers) {
    nlohmann::ordered_json entry{{"name", server.name},
                                 {"host", server.host},
                                 {"port", server.port},
                                 {"weight", server.weight},
                                 {"available", server.available}};
    if (!server.labels.empty()) entry["labels"] = server.labels;
    line["servers"].push_back(std::move(entry));
  }
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

ConsoleRouter::ConsoleRouter(const RouterConfig& config) : last_(config.services.size()) {
  for (const auto& service : config.services) names_.push_back(service.name);
}

boost::asio::awaitable<void> ConsoleRouter::run() {
  co_return;
}

void ConsoleRouter::update(std::size_t service, const Routed& routed) {
  auto line = console_line(names_.at(service), routed);
  if (line == last_.at(service)) return;
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
  last_[service] = std::move(line);
}

boost::asio::awaitable<void> ConsoleRouter::stop(bool) {
  co_return;
}

}  // namespace synapse
