#include "nerve/config_files.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "common/file/write_atomically.h"
#include "common/runtime/local_address.h"

namespace nerve {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// An editor's and Kubernetes' hidden files are not ours.
bool holds_a_service(const fs::path& path) {
  if (path.filename().string().starts_with('.')) return false;
  const auto extension = path.extension();
  return extension == ".yml" || extension == ".yaml" || extension == ".json";
}

common::Result<std::vector<ConfigFile>> files_of(const std::string& directory) {
  std::error_code error;
  std::vector<ConfigFile> files;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (!holds_a_service(entry->path())) continue;
    // Opening a pipe waits for its writer.
    if (entry->exists(error) && !entry->is_regular_file(error)) {
      return common::fail(entry->path().string() + " is not a file; move it elsewhere");
    }
    auto text = common::read_file(entry->path().string());
    if (!text) return text.error();
    files.push_back({entry->path().string(), *std::move(text)});
  }
  if (error) return common::fail("cannot read the directory " + directory + ": " + error.message());
  std::sort(files.begin(), files.end(), [](const auto& one, const auto& other) { return one.name < other.name; });
  return files;
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
  return parse_config(*text, path_, {.environment = environment, .files_of = files_of, .address = address}, strict_);
}

common::Result<void> ConfigFiles::keep_expanded(const ParsedConfig& parsed) {
  const auto& path = parsed.config.templated_config_path;
  if (path.empty()) return {};
  // It may hold passwords that came from the environment.
  return common::write_atomically(path, parsed.expanded, 0600);
}

}  // namespace nerve
