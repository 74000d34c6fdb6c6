// nerve's configuration: go-nerve's YAML or JSON, read once into immutable values. The defaults stand in the structs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/reader.h"
#include "common/config/secrets.h"
#include "common/file/config_files.h"
#include "common/result.h"
#include "nerve/service_config.h"

namespace nerve {

struct Config {
  std::string log_level = "info";
  std::string api_host = "127.0.0.1";
  int api_port = 3454;
  std::string api_socket;                      // path of a unix socket on which the admin API listens, too; empty: none
  std::string api_token_file;                  // holds what changing requests must present; empty: nothing
  bool api_legacy_get = true;                  // the changing routes answer to GET, too
  bool core_dumps = false;                     // counts at the start only
  std::vector<std::string> api_allowed_hosts;  // names by which the API is reached, besides those of this machine
  std::string templated_config_path;           // empty: the expanded file is not kept
  std::string services_dir;                    // absolute or relative to the working directory; empty: there is none
  std::string state_path;                      // empty: nothing is kept for the next life
  bool watch_config = true;                    // reload when a file changes
  int max_exec_checks = 64;                    // that run at the same time; the others wait for their turn
  std::vector<ServiceConfig> services;
};

struct ParsedConfig {
  Config config;                // of use only when there are no errors
  std::string expanded;         // the text with its variables replaced
  std::string shown;            // the configuration as JSON, secrets masked
  std::size_t fingerprint = 0;  // of all texts, and of what they name: addresses of this machine, password files
  common::Diagnostics diagnostics;
};

// What a configuration may refer to outside of its text.
struct ConfigSources {
  std::function<std::optional<std::string>(const std::string& name)> environment;
  // The files of a directory that hold a service each, by name.
  std::function<common::Result<std::vector<common::ConfigFile>>(const std::string& directory)> files_of;
  AddressLookup address;
  // Who may read the files, for secrets that stand in them; may be empty.
  common::ReadableByOthers readable_by_others;
};

// The files other than its own that the configuration took something from, or tells where to find it.
[[nodiscard]] std::vector<std::string> other_files(const Config& config);

// `file` is the name for messages, and what a relative servicesDir is relative to; `strict` makes unknown keys errors.
// Reads nothing but its arguments.
[[nodiscard]] ParsedConfig parse_config(std::string_view text, const std::string& file, const ConfigSources& sources,
                                        bool strict);

}  // namespace nerve
