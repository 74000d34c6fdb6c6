// The fixed words of the file, shared by the two that must agree on them: render() and read_rendered(). Pure.
#pragma once

#include <string_view>

namespace synapse::haproxy {

inline constexpr std::string_view kFirstLine = "# Written by synapse. Changes made here are overwritten.";
inline constexpr std::string_view kServersMarker =
    "# servers from the registry";  // below it: servers, all of them ours
inline constexpr std::string_view kServerWord = "server";
inline constexpr std::string_view kSocketPrefix = "unix@";  // of an address
inline constexpr std::string_view kEnabledWord = "enabled";
inline constexpr std::string_view kDisabledWord = "disabled";

}  // namespace synapse::haproxy
