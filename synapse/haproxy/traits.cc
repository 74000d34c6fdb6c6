#include "synapse/haproxy/traits.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "synapse/haproxy/server_keywords.h"
#include "synapse/haproxy/words.h"

namespace synapse::haproxy {

namespace {

// What the lines of a section say, the last one winning; those of `defaults` are read first.
struct Lines {
  std::string balance;  // the algorithm without its arguments; empty: none given
  bool consistent_hash = false;
  bool transparent = false;
  bool dispatch = false;
  bool dynamic_cookies = false;
  Mode mode = Mode::tcp;
  std::vector<std::string> default_words;
};

std::optional<std::vector<std::string>> values_of(const std::string& line) {
  auto words = split_words(one_line(line));
  if (!words.has_value() || words->empty()) return std::nullopt;
  std::vector<std::string> values;
  for (const auto& word : *words) values.push_back(unquote(word).value_or(word));
  return values;
}

void read_default_server(const std::string& line, Lines& lines) {
  auto words = split_words(one_line(line));
  if (!words.has_value()) return;
  lines.default_words.insert(lines.default_words.end(), words->begin() + 1, words->end());
}

void read_line(const std::string& line, Lines& lines) {
  auto values = values_of(line);
  if (!values) return;
  const auto& first = values->front();
  auto second = values->size() > 1 ? values->at(1) : std::string();
  if (first == "balance") lines.balance = second.substr(0, second.find('('));
  if (first == "hash-type") lines.consistent_hash = second == "consistent";
  if (first == "mode") lines.mode = second == "tcp" ? Mode::tcp : second == "http" ? Mode::http : Mode::other;
  if (first == "dispatch") lines.dispatch = true;
  if (first == "option" && (second == "transparent" || second == "http_proxy")) lines.transparent = true;
  if (first == "no" && second == "option" && values->size() > 2 && values->at(2) == "transparent") {
    lines.transparent = false;
  }
  if (first == "transparent") lines.transparent = true;
  if (first == "cookie") lines.dynamic_cookies = std::find(values->begin(), values->end(), "dynamic") != values->end();
  if (first == "default-server") read_default_server(line, lines);
}

// HAProxy: "Backend must use a dynamic load balancing to support dynamic servers."
bool balances_dynamically(const Lines& lines) {
  static constexpr std::array kAlways = {"", "roundrobin", "leastconn", "first", "random"};
  static constexpr std::array kWithConsistentHash = {"source", "uri", "url_param", "hdr", "rdp-cookie", "hash"};
  if (std::find(kAlways.begin(), kAlways.end(), lines.balance) != kAlways.end()) return true;
  return lines.consistent_hash &&
         std::find(kWithConsistentHash.begin(), kWithConsistentHash.end(), lines.balance) != kWithConsistentHash.end();
}

std::optional<ReloadNeed> why_not_dynamic(const Lines& lines, const Capabilities& capabilities) {
  if (!capabilities.add_servers) {
    return ReloadNeed{ReloadReason::haproxy_too_old,
                      "HAProxy " + to_string(capabilities.version) + " takes no servers at run time (2.6 does)"};
  }
  if (lines.dispatch || lines.transparent || lines.mode == Mode::other) {
    return ReloadNeed{ReloadReason::backend_not_dynamic, "dispatch, transparent and log backends take no servers"};
  }
  if (!balances_dynamically(lines)) {
    return ReloadNeed{ReloadReason::backend_not_dynamic,
                      "'balance " + lines.balance + "'" + (lines.consistent_hash ? "" : " without a consistent hash") +
                          " takes no servers at run time"};
  }
  return std::nullopt;
}

bool accepted(const ServerKeyword& keyword, const Capabilities& capabilities) {
  switch (keyword.at_run_time) {
    case AtRunTime::always:
      return true;
    case AtRunTime::since_3_0:
      return keyword.word == "cookie" ? capabilities.dynamic_cookie_keyword : capabilities.version >= Version{3, 0, 0};
    case AtRunTime::never:
      return false;
  }
  return false;
}

// Drops what does not go into `add server`: fields of their own, and keywords that a later word takes back.
std::vector<OptionGroup> resolved(const std::vector<std::string>& words) {
  std::vector<OptionGroup> groups;
  for (auto& group : group_options(words)) {
    // 2.6 would start the server in service on `enabled`; 3.0 refuses the word.
    if (group.is("enabled") || group.is("disabled") || group.is("weight")) continue;
    auto taken_back = group.keyword == nullptr ? std::nullopt : taken_back_by(group.keyword->word);
    if (!taken_back) {
      groups.push_back(std::move(group));
      continue;
    }
    std::erase_if(groups, [&](const OptionGroup& earlier) { return earlier.is(*taken_back); });
  }
  return groups;
}

bool has(const std::vector<OptionGroup>& groups, std::string_view word) {
  return std::any_of(groups.begin(), groups.end(), [&](const OptionGroup& group) { return group.is(word); });
}

}  // namespace

bool DeclaredServers::contains(std::string_view name) const {
  if (std::find(names.begin(), names.end(), name) != names.end()) return true;
  return std::any_of(template_prefixes.begin(), template_prefixes.end(), [&](const std::string& prefix) {
    if (!name.starts_with(prefix) || name.size() == prefix.size()) return false;
    auto rest = name.substr(prefix.size());
    return std::all_of(rest.begin(), rest.end(), [](char c) { return c >= '0' && c <= '9'; });
  });
}

BackendTraits traits_of(const std::vector<std::string>& defaults, const std::vector<std::string>& backend,
                        const Capabilities& capabilities) {
  Lines lines;
  for (const auto& line : defaults) read_line(line, lines);
  for (const auto& line : backend) read_line(line, lines);
  BackendTraits traits;
  traits.mode = lines.mode;
  traits.live_weights = balances_dynamically(lines) && !lines.dispatch && !lines.transparent;
  traits.not_dynamic = why_not_dynamic(lines, capabilities);
  traits.default_words = std::move(lines.default_words);
  traits.dynamic_cookies = lines.dynamic_cookies;
  traits.declared = declared_servers(backend);
  return traits;
}

DeclaredServers declared_servers(const std::vector<std::string>& backend) {
  DeclaredServers declared;
  for (const auto& line : backend) {
    auto values = values_of(line);
    if (!values || values->size() < 2) continue;
    if (values->front() == "server") declared.names.push_back(values->at(1));
    if (values->front() == "server-template") declared.template_prefixes.push_back(values->at(1));
  }
  return declared;
}

std::vector<ServerSpec> usable_servers(const BackendSpec& backend, const DeclaredServers& declared,
                                       std::vector<std::string>* left_out) {
  std::vector<ServerSpec> servers;
  servers.reserve(backend.servers.size());
  std::unordered_set<std::string_view> names;
  names.reserve(backend.servers.size());
  auto leave_out = [&](const std::string& why) {
    if (left_out != nullptr) left_out->push_back(backend.name + ": left out: " + why);
  };
  for (const auto& candidate : backend.servers) {
    ServerSpec other;
    const bool as_it_is = is_normalised(candidate);
    if (!as_it_is) other = normalised(candidate);
    const ServerSpec& server = as_it_is ? candidate : other;
    if (auto why = unsound(server)) {
      leave_out(*why);
    } else if (declared.contains(server.name)) {
      leave_out(server.name + ": the backend's own lines declare a server of this name");
    } else if (!names.insert(candidate.name).second) {
      leave_out(server.name + ": the name stands twice");
    } else {
      servers.push_back(server);
    }
  }
  return servers;
}

bool has_check(const ServerSpec& server, const BackendTraits& traits) {
  auto words = traits.default_words;
  words.insert(words.end(), server.options.begin(), server.options.end());
  return has(resolved(words), "check");
}

common::Result<Addition> addition_of(const ServerSpec& server, const BackendTraits& traits,
                                     const Capabilities& capabilities) {
  auto words = traits.default_words;
  words.insert(words.end(), server.options.begin(), server.options.end());
  auto groups = resolved(words);
  Addition addition;
  for (const auto& group : groups) {
    const auto& word = group.words.front();
    if (group.keyword == nullptr) return common::fail("'" + word + "' is not known to work at run time");
    if (!accepted(*group.keyword, capabilities))
      return common::fail("HAProxy does not take '" + word + "' at run time");
    for (const auto& written : group.words) {
      auto value = unquote(written);
      if (!value || value->empty()) return common::fail("'" + written + "' cannot be written on the runtime socket");
      addition.words.push_back(std::move(*value));
    }
  }
  addition.check = has(groups, "check");
  addition.agent_check = has(groups, "agent-check");
  // What a server in the file has by default; without them connections to a server added at run time are not reused.
  if (!has(groups, "pool-max-conn")) addition.words.insert(addition.words.end(), {"pool-max-conn", "-1"});
  if (!has(groups, "pool-purge-delay")) addition.words.insert(addition.words.end(), {"pool-purge-delay", "5s"});
  return addition;
}

}  // namespace synapse::haproxy
