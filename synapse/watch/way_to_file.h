// What lies between a path and the file that it leads to.
#pragma once

#include <string>
#include <vector>

namespace synapse {

// The directories in which a change can make `path` lead to another file: where the file lies, and where each symbolic
// link on the way lies. Of a way that does not go on: as far as it goes. Blocks for as long as the file system does.
[[nodiscard]] std::vector<std::string> directories_on_the_way(const std::string& path);

}  // namespace synapse
