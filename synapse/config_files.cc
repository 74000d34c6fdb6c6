#include "synapse/config_files.h"

#include <cstdlib>
#include <optional>

#include "common/config/runtime_directory.h"
#include "common/file/config_files.h"
#include "common/file/secret_file.h"
#include "common/file/write_atomically.h"

namespace synapse {
namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
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
                      {.strict = strict_,
                       .runtime_dir = common::runtime_directory("synapse", environment),
                       .environment = environment,
                       .state_dir = common::state_directory("synapse", environment),
                       .files_of = common::config_files_in,
                       .read_file = [](const std::string& file) { return common::read_file(file); },
                       .readable_by_others = common::readable_by_others,
                       .directory = {}});
}

}  // namespace synapse
