// The fixed words of the file, shared by the two that must agree on them: render() and read_rendered(). Pure.
#pragma once

#include <string_view>

namespace synapse::haproxy {

inline constexpr std::string_view kFirstLine = "# Written by synapse. Changes made here are overwritten.";
inline constexpr std::string_view kServersMarker =
    "# servers from the registry";  // below it: servers, all of them ours
// Stands alone in a line and speaks of the server below it. A drained one has its weight behind it, because 0 stands in
// its line.
inline constexpr std::string_view kUnverifiedMark = "# below: waits for its first check";
inline constexpr std::string_view kDrainingMark = "# below: drains, weight";
inline constexpr std::string_view kHeldInMaintenanceMark = "# below: in maintenance by hand";
inline constexpr std::string_view kHeldInDrainMark = "# below: drained by hand, weight";
inline constexpr std::string_view kServerWord = "server";
inline constexpr std::string_view kSocketPrefix = "unix@";  // of an address
inline constexpr std::string_view kEnabledWord = "enabled";
inline constexpr std::string_view kDisabledWord = "disabled";

}  // namespace synapse::haproxy
