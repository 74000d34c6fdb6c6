// What the parsers of dsn.h have in common; nobody else includes this. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>

#include "common/result.h"

namespace nerve {

[[nodiscard]] common::Result<void> refuse_nul(std::string_view text);

// An error unless it is an IP address or a host name.
[[nodiscard]] common::Result<void> refuse_bad_host(std::string_view host);

// A name that can be written into a command as it is.
[[nodiscard]] bool is_setting_name(std::string_view name);

// Go's notation: "1m30s", "1.5s", "500ms". Nothing when it is none, or longer than a year.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// The limit that a timeout sets; 0 sets none.
[[nodiscard]] std::optional<std::chrono::milliseconds> limit_of(std::chrono::milliseconds timeout);

[[nodiscard]] bool contains(const auto& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace nerve
