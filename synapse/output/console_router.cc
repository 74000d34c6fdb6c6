#include "synapse/output/console_router.h"

#include <algorithm>
#include <cstdio>
#include <utility>

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
    if (server.backup) entry["backup"] = true;
    if (!server.labels.empty()) entry["labels"] = server.labels;
    line["servers"].push_back(std::move(entry));
  }
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

boost::asio::awaitable<void> ConsoleRouter::run() {
  co_return;
}

void ConsoleRouter::reconfigure(const RouterConfig& config) {
  const auto is_gone = [&](const auto& printed) {
    return std::none_of(config.services.begin(), config.services.end(),
                        [&](const auto& service) { return service.name == printed.first; });
  };
  std::erase_if(last_, is_gone);
  std::erase_if(outputs_, is_gone);
}

void ConsoleRouter::update(const std::string& service, const Routed& routed) {
  outputs_[service] = written_output(routed);
  auto line = console_line(service, routed);
  auto& last = last_[service];
  if (line == last) return;
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
  last = std::move(line);
}

OutputState ConsoleRouter::output(const std::string& service) const {
  const auto found = outputs_.find(service);
  return found == outputs_.end() ? OutputState() : found->second;
}

boost::asio::awaitable<void> ConsoleRouter::stop(bool) {
  co_return;
}

}  // namespace synapse
