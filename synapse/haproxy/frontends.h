// Frontends that accept nothing although nobody has asked for that. A worker that HAProxy can start only after some
// tries, because a port was taken at first, gets its listeners paused and leaves them so (2.6 does). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace synapse::haproxy {

inline constexpr std::string_view kShowFrontends = "show stat -1 1 -1";

// Of the answer to that, the names of those that are paused. Of any other answer none.
[[nodiscard]] std::vector<std::string> parse_paused(std::string_view reply);

// The command after which it accepts again.
[[nodiscard]] std::string enable_frontend(const std::string& frontend);

// Those of `paused` that are not among `before`: what was paused before the load is a person's.
[[nodiscard]] std::vector<std::string> paused_by_load(const std::vector<std::string>& paused,
                                                      const std::vector<std::string>& before);

}  // namespace synapse::haproxy
