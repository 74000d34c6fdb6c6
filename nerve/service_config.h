// What is configured about one service, and how it is read. The defaults stand in the structs.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/config/reader.h"
#include "common/result.h"
#include "nerve/check/check_config.h"
#include "nerve/lifecycle/settings.h"
#include "nerve/report/report_config.h"

namespace nerve {

struct ServiceConfig {
  std::string name;  // host:port when not given
  std::string host = "127.0.0.1";
  int port = 0;
  std::vector<CheckConfig> checks;        // at least one
  std::vector<ReporterConfig> reporters;  // at least one
  std::chrono::milliseconds report_replay{1000};
  bool exclude_from_global_disable = false;
  bool no_metrics = false;
  LifecycleSettings lifecycle;

  friend bool operator==(const ServiceConfig&, const ServiceConfig&) = default;
};

// The address of an interface of this machine, or of the one that leads outward when the name is empty.
using AddressLookup = std::function<common::Result<std::string>(const std::string& interface)>;

// One entry of `services`, or a file of servicesDir. Errors are recorded by the reader; what is returned is then of no
// use.
[[nodiscard]] ServiceConfig read_service(const common::Reader& reader, const AddressLookup& address);

}  // namespace nerve
