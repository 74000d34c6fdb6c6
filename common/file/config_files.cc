#include "common/file/config_files.h"

#include <algorithm>
#include <filesystem>

#include "common/file/write_atomically.h"

namespace common {
namespace {

namespace fs = std::filesystem;

// An editor's and Kubernetes' hidden files are not ours.
bool holds_a_service(const fs::path& path) {
  if (path.filename().string().starts_with('.')) return false;
  const auto extension = path.extension();
  return extension == ".yml" || extension == ".yaml" || extension == ".json";
}

}  // namespace

Result<std::vector<ConfigFile>> config_files_in(const std::string& directory) {
  std::error_code error;
  std::vector<ConfigFile> files;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (!holds_a_service(entry->path())) continue;
    // Opening a pipe waits for its writer.
    if (entry->exists(error) && !entry->is_regular_file(error)) {
      return fail(entry->path().string() + " is not a file; move it elsewhere");
    }
    auto text = read_file(entry->path().string());
    if (!text) return text.error();
    files.push_back({entry->path().string(), *std::move(text)});
  }
  if (error) return fail("cannot read the directory " + directory + ": " + error.message());
  std::sort(files.begin(), files.end(), [](const auto& one, const auto& other) { return one.name < other.name; });
  return files;
}

}  // namespace common
