// The difference between what HAProxy should have and what it has, as commands; and what commands cannot do, as reasons
// for a reload. Deterministic, and idempotent: planning again after every command was acknowledged gives nothing,
// except removals that HAProxy refused for now. Pure.
#pragma once

#include <optional>
#include <vector>

#include "synapse/haproxy/capabilities.h"
#include "synapse/haproxy/observed.h"
#include "synapse/haproxy/reload_reason.h"
#include "synapse/haproxy/runtime_codec.h"
#include "synapse/haproxy/server.h"
#include "synapse/haproxy/traits.h"

namespace synapse::haproxy {

struct Plan {
  // In the order to be sent: servers come into service before others leave it, so that capacity never dips. When only a
  // reload can bring wanted servers in and nobody else would be left, the last servers stay until then.
  std::vector<Command> commands;
  // Deletions of servers that are out of service. Send them after the commands; Verdict::busy is normal here and means:
  // plan again later.
  std::vector<Command> removals;
  // Not empty: the file must be rendered and HAProxy reloaded. The commands are worth sending all the same.
  std::vector<ReloadNeed> reloads;
  // Servers wait for their first check: read the state and plan again soon.
  bool verifying = false;
  // A drain ends then: plan again.
  std::optional<Moment> again;

  // HAProxy serves what is wanted; at most servers that are out of service wait to be deleted.
  [[nodiscard]] bool done() const { return commands.empty() && reloads.empty(); }
};

// `observed`: null when HAProxy does not list the backend. It does not list a backend without servers either: whether
// such a backend exists is said by the skeleton's fingerprint, so pass an empty ObservedBackend when the fingerprint is
// the wanted one, and null when it is not. `now` is compared with the ends of drains.
[[nodiscard]] Plan plan(const BackendSpec& desired, const BackendTraits& traits, const ObservedBackend* observed,
                        const Capabilities& capabilities, Moment now = {});

// Whether the server, if it were deleted and came back as it is, would need no reload.
[[nodiscard]] bool can_return_live(const ObservedServer& server, const BackendTraits& traits,
                                   const Capabilities& capabilities);

enum class FileFor {
  running,  // no reload follows: the file tells what HAProxy has now, with all tombstones, and with the options that
            // the servers run with (who reads it after a restart takes them for that)
  reload,   // HAProxy will load it. Tombstones that can be added again at run time are dropped; of the others the
            // youngest max(10, wanted) stay, so that a server that returns needs no reload
};

// The servers to render: the wanted ones in their order, then, as disabled servers, tombstones: what HAProxy holds
// although nothing wants it any more, because it could not be deleted or its deletion is still to come. `observed` may
// be null.
[[nodiscard]] std::vector<ServerSpec> servers_for_file(const BackendSpec& desired, const BackendTraits& traits,
                                                       const ObservedBackend* observed,
                                                       const Capabilities& capabilities, FileFor purpose);

// How many of a backend's servers are only still there because they were not deleted, and how many of those a reload
// would take away.
struct Tombstones {
  std::size_t present = 0;
  std::size_t sweepable = 0;
};
[[nodiscard]] Tombstones tombstones(const BackendSpec& desired, const BackendTraits& traits,
                                    const ObservedBackend& observed, const Capabilities& capabilities);

}  // namespace synapse::haproxy
