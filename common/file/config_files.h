// The files of a directory that holds a part of the configuration in each. Blocks while it reads.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace common {

struct ConfigFile {
  std::string name;  // with its directory
  std::string text;
};

// Every .yml, .yaml and .json file that is not hidden, by name. The error names the file or the directory that cannot
// be read, or what looks like a file and is none.
[[nodiscard]] Result<std::vector<ConfigFile>> config_files_in(const std::string& directory);

}  // namespace common
