// What happens to the configuration while a program runs, said and counted. Owned by App. Loop thread only.
#pragma once

#include <string>
#include <vector>

#include "common/config/config_difference.h"
#include "common/config/reader.h"
#include "common/result.h"
#include "common/telemetry/repeated_error.h"

namespace prometheus {
class Gauge;
}  // namespace prometheus

namespace common {

class Metrics;

class ConfigEvents {
 public:
  ConfigEvents(const std::string& program, Metrics& metrics);

  void loaded(const std::vector<std::string>& warnings, const ConfigDifference& difference);
  void unchanged(const std::string& why);
  void refused(const std::string& why, const Diagnostics& diagnostics);
  // Whether its files can be followed.
  void watched(const Result<void>& result);

 private:
  void succeeded();

  prometheus::Gauge& last_successful_;
  prometheus::Gauge& last_success_;
  RepeatedError watch_error_;
};

}  // namespace common
