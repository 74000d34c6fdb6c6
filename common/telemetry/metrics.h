// The program's metrics, in Prometheus' words. prometheus-cpp holds them; only the files that record events include it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace prometheus {
class Registry;
}

namespace common {

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  prometheus::Registry& registry() { return *registry_; }

  // From now on the text has `<program>_limit_hit_total{limit}`: all limits of nerve, or of synapse.
  void show_limits(std::string_view program);

  // The exposition format, version 0.0.4 (text/plain).
  std::string text() const;

 private:
  std::unique_ptr<prometheus::Registry> registry_;
  std::string program_;  // whose limits are shown; empty: none
};

}  // namespace common
