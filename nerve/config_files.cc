#include "nerve/config_files.h"

#include <cstdlib>
#include <optional>

#include "common/file/secret_file.h"
#include "common/file/write_atomically.h"
#include "common/runtime/local_address.h"

namespace nerve {
namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

common::Result<std::string> address(const std::string& interface) {
  return interface.empty() ? common::outward_address() : common::address_of_interface(interface);
}

}  // namespace

ParsedConfig ConfigFiles::load() const {
  const auto text = common::read_file(path_);
  if (!text) {
    ParsedConfig failed;
    failed.diagnostics.errors.push_back(text.error().message);
    return failed;
  }
  return parse_config(*text, path_,
                      {.environment = environment,
                       .files_of = common::config_files_in,
                       .address = address,
                       .readable_by_others = common::readable_by_others},
                      strict_);
}

common::Result<void> ConfigFiles::keep_expanded(const ParsedConfig& parsed) {
  const auto& path = parsed.config.templated_config_path;
  if (path.empty()) return {};
  // It may hold passwords that came from the environment.
  return common::write_atomically(path, parsed.expanded, 0600);
}

}  // namespace nerve
