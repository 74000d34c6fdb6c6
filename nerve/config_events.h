// What happens to the configuration while nerve runs, said and counted. Owned by App. Loop thread only.
#pragma once

#include <string>
#include <vector>

#include "common/config/reader.h"
#include "common/result.h"
#include "nerve/repeated_error.h"
#include "nerve/roster.h"

namespace common {
class Metrics;
}
namespace prometheus {
class Gauge;
}  // namespace prometheus

namespace nerve {

class ConfigEvents {
 public:
  explicit ConfigEvents(common::Metrics& metrics);

  void loaded(const std::vector<std::string>& warnings, const Roster::Difference& difference);
  void unchanged(const std::string& why);
  void refused(const std::string& why, const common::Diagnostics& diagnostics);
  // Keys that only count at the start.
  void needs_restart(const std::vector<std::string>& keys);
  // Whether its files can be followed.
  void watched(const common::Result<void>& result);
  void not_kept(const std::string& error);

 private:
  void succeeded();

  prometheus::Gauge& last_successful_;
  prometheus::Gauge& last_success_;
  RepeatedError watch_error_;
};

}  // namespace nerve
