// The configuration as it lies on disk: reads the files and hands them to the parser. Owned by main and App.
#pragma once

#include <string>
#include <vector>

#include "nerve/config.h"

namespace nerve {

class ConfigFiles {
 public:
  ConfigFiles(std::string path, bool strict) : path_(std::move(path)), strict_(strict) {}

  const std::string& path() const { return path_; }

  // Reads everything anew. A file that cannot be read is an error among the others.
  [[nodiscard]] ParsedConfig load() const;

  // Writes the expanded text to templatedConfigPath, when there is one. The error is for a warning.
  [[nodiscard]] static common::Result<void> keep_expanded(const ParsedConfig& parsed);

 private:
  std::string path_;
  bool strict_;
};

}  // namespace nerve
