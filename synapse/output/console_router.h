// The router of type console: prints the servers of each changed service as one JSON line on stdout.
#pragma once

#include <map>
#include <string>

#include "synapse/config.h"
#include "synapse/router.h"

namespace synapse {

// {"service":...,"servers":[{"name":...,"host":...,"port":...,"weight":...,"available":...,"labels":{...}}]}. Pure.
[[nodiscard]] std::string console_line(const std::string& service, const Routed& routed);

class ConsoleRouter : public Router {
 public:
  boost::asio::awaitable<void> run() override;
  void reconfigure(const RouterConfig& config) override;
  void update(const std::string& service, const Routed& routed) override;
  bool routed(const std::string& service) const override { return last_.contains(service); }
  OutputState output(const std::string& service) const override;
  boost::asio::awaitable<void> stop(bool leave_running) override;

 private:
  std::map<std::string, std::string> last_;  // what was printed, by service
  std::map<std::string, OutputState> outputs_;
};

}  // namespace synapse
