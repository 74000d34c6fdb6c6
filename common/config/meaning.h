// What a value of a configuration is by the key that it stands under, which says how it is masked; only this room uses
// it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace common {

enum class Meaning { text, secret, secrets_by_name, command, headers, url, datasource, haproxy_lines };

// Keys are matched without case.
[[nodiscard]] Meaning meaning_of(std::string_view key);

// The meaning of what stands under `key` in a mapping that has a meaning itself.
[[nodiscard]] Meaning meaning_inside(Meaning mapping, std::string_view key);

// All of it is hidden, whatever it is.
[[nodiscard]] bool hides_all(Meaning meaning);

[[nodiscard]] std::string masked_text(const std::string& text, Meaning meaning);

}  // namespace common
