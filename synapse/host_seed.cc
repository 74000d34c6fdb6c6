#include "synapse/host_seed.h"

#include <array>
#include <functional>
#include <string_view>
#include <unistd.h>

namespace synapse {

std::uint64_t host_seed() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return std::hash<std::string_view>()(name.data());
}

}  // namespace synapse
