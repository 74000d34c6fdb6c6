#include "synapse/host_seed.h"

#include <array>
#include <string_view>
#include <unistd.h>

#include "synapse/stable_hash.h"

namespace synapse {

std::uint64_t host_seed() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return StableHash().add(std::string_view(name.data())).value();
}

}  // namespace synapse
