#include "common/registration/claimed_name.h"

#include <algorithm>

#include "common/registration/fields.h"
#include "common/registration/registration.h"
#include "common/registration/validate.h"

namespace common {
namespace {

bool are_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool are_hex_digits(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Takes the last part off, with the '_' before it; empty when there is none.
std::string_view take_last(std::string_view& text) {
  const auto at = text.rfind('_');
  if (at == std::string_view::npos) return {};
  const auto last = text.substr(at + 1);
  text = text.substr(0, at);
  return last;
}

bool is_without_host(std::string_view rest, std::string_view name) {
  const auto host = take_last(rest);
  return rest == name && (is_ip_address(host) || is_host_name(host));
}

}  // namespace

std::string claimed_name(std::string_view child, std::string_view data) {
  constexpr std::size_t longest = 64 * 1024;
  if (data.size() > longest || is_path_encoded(child)) return {};
  const auto fields = read_fields(data);
  if (!fields) return {};
  const auto found = fields->values.find("name");
  const bool is_text = found != fields->values.end() && found->second.kind == JsonScalar::Kind::text;
  return is_text && is_server_name(found->second.text) ? found->second.text : std::string();
}

bool node_may_be_of(std::string_view child, std::string_view name) {
  constexpr std::size_t sequence = 10;
  constexpr std::size_t unique = 32;
  constexpr std::size_t longest_port = 5;
  if (name.empty()) return false;
  auto rest = child;
  const auto last = take_last(rest);
  const bool is_numbered = last.size() == sequence && are_digits(last);
  if (is_numbered && rest == name) return true;
  if (last.size() == unique + sequence && are_digits(last.substr(unique)) && are_hex_digits(last.substr(0, unique))) {
    return take_last(rest) == "c" && (rest == name || is_without_host(rest, name));
  }
  if (is_numbered) {
    auto port = rest;
    if (are_digits(take_last(port)) && is_without_host(port, name)) return true;  // numbered by ZooKeeper
  }
  return last.size() <= longest_port && are_digits(last) && is_without_host(rest, name);
}

}  // namespace common
