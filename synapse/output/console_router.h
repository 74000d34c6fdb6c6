// The router of type console: prints the servers of each changed service as one JSON line on stdout.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "synapse/config.h"
#include "synapse/router.h"

namespace synapse {

// {"service":...,"servers":[{"name":...,"host":...,"port":...,"weight":...,"available":...,"labels":{...}}]}. Pure.
[[nodiscard]] std::string console_line(const std::string& service, const Routed& routed);

class ConsoleRouter : public Router {
 public:
  explicit ConsoleRouter(const RouterConfig& config);

  boost::asio::awaitable<void> run() override;
  void update(std::size_t service, const Routed& routed) override;
  bool routed(std::size_t service) const override { return !last_.at(service).empty(); }
  boost::asio::awaitable<void> stop(bool leave_running) override;

 private:
  std::vector<std::string> names_;
  std::vector<std::string> last_;  // what was printed, by service
};

}  // namespace synapse
