// What a new configuration means for the services that run, by name. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace common {

struct ConfigDifference {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;
  std::size_t unchanged = 0;
};

}  // namespace common
