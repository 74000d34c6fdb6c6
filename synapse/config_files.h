// The configuration as it lies on disk: reads the files and hands them to the parser. Owned by main and App.
#pragma once

#include <string>
#include <utility>

#include "synapse/config.h"

namespace synapse {

class ConfigFiles {
 public:
  ConfigFiles(std::string path, bool strict) : path_(std::move(path)), strict_(strict) {}

  const std::string& path() const { return path_; }

  // Reads everything anew. A file that cannot be read is an error among the others.
  [[nodiscard]] ParsedConfig load() const;

 private:
  std::string path_;
  bool strict_;
};

}  // namespace synapse
