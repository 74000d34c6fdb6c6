// Whom the admin API turns away, of either program: knows the host names by which the API may be reached, counts every
// refusal, and tells of those that somebody should know about, each kind once a minute at most. Owned by the App, and
// outlives the server. Loop thread only.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "common/http/server_options.h"
#include "common/http/visitor.h"
#include "common/telemetry/metrics.h"
#include "common/time/min_interval.h"

namespace prometheus {
class Counter;
}

namespace common {

class ApiGuard {
 public:
  // `program` is what the names of its metrics begin with.
  ApiGuard(Metrics& metrics, const std::string& program);
  ApiGuard(const ApiGuard&) = delete;
  ApiGuard& operator=(const ApiGuard&) = delete;

  // The configured names, for all requests from now on. The host name and the domains of this machine are looked at
  // each time.
  void allow(std::vector<std::string> hosts);

  // For a server that listens on this address.
  http::ServerOptions server_options(const std::string& api_host);

  void refused(http::Refusal why, const std::string& peer);

 private:
  static constexpr std::size_t kReasons = 7;

  struct Reason {
    prometheus::Counter* counter = nullptr;
    MinInterval told{std::chrono::minutes(1)};
    std::size_t untold = 0;
  };

  http::HostRules rules_;
  std::array<Reason, kReasons> reasons_;
};

}  // namespace common
