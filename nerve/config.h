// nerve's configuration: go-nerve's YAML or JSON, read once into immutable values. The defaults stand in the structs.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/reader.h"
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

struct Config {
  std::string log_level = "info";
  std::string api_host = "127.0.0.1";
  int api_port = 3454;
  std::string api_socket;             // path of a unix socket on which the admin API listens, too; empty: none
  std::string api_token_file;         // holds what changing requests must present; empty: nothing
  bool api_legacy_get = true;         // the changing routes answer to GET, too
  std::string templated_config_path;  // empty: the expanded file is not kept
  std::vector<ServiceConfig> services;
};

struct ParsedConfig {
  Config config;         // of use only when there are no errors
  std::string expanded;  // the text with its variables replaced
  common::Diagnostics diagnostics;
};

using EnvironmentLookup = std::function<std::optional<std::string>(const std::string& name)>;

// `file` is the name for messages; `strict` makes unknown keys errors. Reads nothing but its arguments.
[[nodiscard]] ParsedConfig parse_config(std::string_view text, const std::string& file,
                                        const EnvironmentLookup& environment, bool strict);

}  // namespace nerve
