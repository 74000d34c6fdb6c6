// What a version of HAProxy can do at run time. Conservative: what is faulty or experimental in a version counts as
// absent there. Pure.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace synapse::haproxy {

struct Version {
  int major = 0;
  int minor = 0;
  int patch = 0;

  friend auto operator<=>(const Version&, const Version&) = default;
};

// The first `N.N` or `N.N.N` that stands as a word in the text: reads "2.6.12-1+deb12u4", "3.1-dev3" and the whole
// output of `haproxy -v`.
[[nodiscard]] std::optional<Version> parse_version(std::string_view text);

[[nodiscard]] std::string to_string(const Version& version);  // "2.6.12"

struct Capabilities {
  Version version;
  bool supported = false;       // 2.4 or later; before that this project promises nothing
  bool add_servers = false;     // `add server` without a flag and with checks: 2.6. (2.4, 2.5: experimental, not used)
  bool delete_servers = false;  // `del server` that is safe with streams around: 3.0
  bool dynamic_cookie_keyword = false;  // `cookie` on a server added at run time: 3.0

  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

[[nodiscard]] Capabilities capabilities_of(const Version& version);

// Of an HAProxy that nothing is known of: weight, state and address can be changed, and nothing else is tried.
[[nodiscard]] Capabilities least_capabilities();

}  // namespace synapse::haproxy
