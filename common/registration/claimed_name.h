// Whose record one is that cannot be used: for telling somebody who asks by a name. Pure.
#pragma once

#include <string>
#include <string_view>

namespace common {

// The name that the data itself says, when it is JSON and the name is one; else empty.
[[nodiscard]] std::string claimed_name(std::string_view child, std::string_view data);

// Whether a node of this name may be that of a server of that one, by the forms in which nodes are named:
// <name>_<host>_<port>, <name>_<host>_c_<32 hex digits><10 digits>, and <name>_<10 digits>.
[[nodiscard]] bool node_may_be_of(std::string_view child, std::string_view name);

}  // namespace common
