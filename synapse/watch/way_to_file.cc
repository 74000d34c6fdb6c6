#include "synapse/watch/way_to_file.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <system_error>

namespace synapse {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // as Linux

// The components of a path in front of what is still to be walked.
void put_before(std::deque<fs::path>& way, const fs::path& path) {
  std::deque<fs::path> longer;
  for (const auto& part : path.relative_path()) longer.push_back(part);
  longer.insert(longer.end(), way.begin(), way.end());
  way = std::move(longer);
}

}  // namespace

std::vector<std::string> directories_on_the_way(const std::string& path) {
  std::vector<std::string> directories;
  const auto note = [&directories](const fs::path& directory) {
    const auto text = directory.string();
    if (std::find(directories.begin(), directories.end(), text) == directories.end()) directories.push_back(text);
  };
  std::error_code error;
  std::deque<fs::path> way;
  put_before(way, fs::absolute(path, error));
  fs::path here = "/";
  for (int links = 0; !way.empty();) {
    const auto part = way.front();
    way.pop_front();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      here = here.parent_path();
      continue;
    }
    const auto next = here / part;
    const auto status = fs::symlink_status(next, error);
    const bool link = fs::is_symlink(status);
    if (way.empty() || link || !fs::exists(status)) note(here);
    if (!fs::exists(status)) break;
    if (!link) {
      here = next;
      continue;
    }
    if (++links > kMostLinks) break;
    const auto target = fs::read_symlink(next, error);
    if (error) break;
    if (target.is_absolute()) here = "/";
    put_before(way, target);
  }
  return directories;
}

}  // namespace synapse
