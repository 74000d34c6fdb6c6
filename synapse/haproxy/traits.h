// What the lines of a backend mean for changes at run time. HAProxy decides by them whether `add server` works, whether
// weights move, and which words a server added at run time would miss, because `default-server` is not applied to it.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "synapse/haproxy/capabilities.h"
#include "synapse/haproxy/reload_reason.h"
#include "synapse/haproxy/server.h"

namespace synapse::haproxy {

enum class Mode { tcp, http, other };

// Servers that the user's own lines declare (`server`, `server-template`): never touched, and never declared twice.
struct DeclaredServers {
  std::vector<std::string> names;
  std::vector<std::string> template_prefixes;  // followed by digits

  [[nodiscard]] bool contains(std::string_view name) const;
  friend bool operator==(const DeclaredServers&, const DeclaredServers&) = default;
};

struct BackendTraits {
  Mode mode = Mode::tcp;
  bool live_weights = true;                // false: only 0 and the file's weight are accepted at run time
  std::optional<ReloadNeed> not_dynamic;   // why servers cannot be added at run time; nothing: they can
  std::vector<std::string> default_words;  // every `default-server` in effect: those of defaults, then the backend's
  bool dynamic_cookies = false;            // `cookie ... dynamic`: to be enabled again after each addition
  DeclaredServers declared;
};

// `defaults` and `backend`: lines of the two sections. A line that cannot be split is passed over: `haproxy -c` will
// say what is wrong with it.
[[nodiscard]] BackendTraits traits_of(const std::vector<std::string>& defaults, const std::vector<std::string>& backend,
                                      const Capabilities& capabilities);

[[nodiscard]] DeclaredServers declared_servers(const std::vector<std::string>& backend);

// The servers of a backend that have a place in HAProxy, normalised and in order: sound ones, the first of each name,
// none that the user's lines declare. `left_out` (when given) gets a sentence for each of the others.
[[nodiscard]] std::vector<ServerSpec> usable_servers(const BackendSpec& backend, const DeclaredServers& declared,
                                                     std::vector<std::string>* left_out = nullptr);

// The words behind `add server <backend>/<name> <address>` that make the new server what its line in the file makes of
// it after a reload.
struct Addition {
  std::vector<std::string> words;  // unquoted; without weight
  bool check = false;              // needs `enable health`
  bool agent_check = false;        // needs `enable agent`
};

// Whether HAProxy checks the server, by its own words and those of `default-server`.
[[nodiscard]] bool has_check(const ServerSpec& server, const BackendTraits& traits);

// The error says which word HAProxy does not take at run time.
[[nodiscard]] common::Result<Addition> addition_of(const ServerSpec& server, const BackendTraits& traits,
                                                   const Capabilities& capabilities);

}  // namespace synapse::haproxy
