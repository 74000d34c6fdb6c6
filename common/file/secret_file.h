// Files that hold secrets: who else gets at them. Blocks while it reads.
#pragma once

#include <cstddef>
#include <string>

#include "common/result.h"

namespace common {

// A secret that an operator hands over may be read by a group, too: that is how Kubernetes gives one to a container
// that is not root's.
enum class SecretReaders { owner, owner_and_group };

// The whole file, refused when others may read it, when anybody but its owner may write it, and above `max_bytes`.
// `what` stands in it ("the API token"). The error names it and the file, and says what to do; it holds nothing of it.
[[nodiscard]] Result<std::string> read_secret_file(const std::string& path, const std::string& what,
                                                   std::size_t max_bytes, SecretReaders readers);

// Whether more may read the file than need to: everybody, or its group although the owner is this user. A file of
// root's that this user reads as one of its group is not open. What cannot be looked at is not, either.
[[nodiscard]] bool readable_by_others(const std::string& path);

}  // namespace common
