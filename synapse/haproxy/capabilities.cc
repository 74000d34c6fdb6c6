#include "synapse/haproxy/capabilities.h"

#include <charconv>

namespace synapse::haproxy {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes a number of at most four digits off the front.
std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  auto length = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || length == 0 || length > 4 || !is_digit(text.front())) return std::nullopt;
  text.remove_prefix(length);
  return value;
}

bool take_dot(std::string_view& text) {
  if (text.size() < 2 || text[0] != '.' || !is_digit(text[1])) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Version> version_at(std::string_view text) {
  Version version;
  auto major = take_number(text);
  if (!major || !take_dot(text)) return std::nullopt;
  auto minor = take_number(text);
  if (!minor) return std::nullopt;
  version.major = *major;
  version.minor = *minor;
  if (take_dot(text)) {
    auto patch = take_number(text);
    if (!patch) return std::nullopt;
    version.patch = *patch;
  }
  return version;
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool starts_word = i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t' || text[i - 1] == '\n';
    if (!starts_word || !is_digit(text[i])) continue;
    if (auto version = version_at(text.substr(i))) return version;
  }
  return std::nullopt;
}

std::string to_string(const Version& version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor) + "." + std::to_string(version.patch);
}

Capabilities capabilities_of(const Version& version) {
  Capabilities capabilities;
  capabilities.version = version;
  capabilities.supported = version >= Version{2, 4, 0};
  // 2.4 and 2.5 have it behind `experimental-mode`, 2.4 without checks.
  capabilities.add_servers = version >= Version{2, 6, 0};
  // Deletion crashes earlier versions when streams are still around (HAProxy issues 2298 and 2323). Some later patch
  // releases of 2.6 and 2.8 have the repair, but a package's number does not tell which repairs it carries.
  capabilities.delete_servers = version >= Version{3, 0, 0};
  capabilities.dynamic_cookie_keyword = version >= Version{3, 0, 0};
  return capabilities;
}

Capabilities least_capabilities() {
  return {};
}

}  // namespace synapse::haproxy
