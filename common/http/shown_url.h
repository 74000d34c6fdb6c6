// A URL as it may stand in messages, which others read. Pure.
#pragma once

#include <string>
#include <string_view>

namespace common::http {

// Its query, which may hold a token, becomes "?..."; a fragment goes.
[[nodiscard]] inline std::string without_query(std::string_view url) {
  const auto end = url.find_first_of("?#");
  const bool query = end != std::string_view::npos && url[end] == '?';
  return std::string(url.substr(0, end)) + (query ? "?..." : "");
}

}  // namespace common::http
