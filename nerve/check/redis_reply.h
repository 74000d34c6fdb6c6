// One line of Redis' answer to AUTH or PING. Pure.
#pragma once

#include <string>
#include <string_view>

namespace nerve {

// Why the line is not the expected one, in the server's own words; empty when it is. `whole`: its end has come.
[[nodiscard]] std::string redis_objection(std::string_view line, bool whole, std::string_view expected,
                                          const std::string& target);

}  // namespace nerve
