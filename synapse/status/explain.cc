#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "common/registration/claimed_name.h"
#include "common/registration/validate.h"
#include "synapse/status/service_status.h"

namespace synapse {
namespace {

// Records that are left out and have the name of a server that is wanted: whoever asks may mean any of them.
std::string namesakes(const ServiceStatus& status, const Explanation& found) {
  const bool is_wanted = std::any_of(status.servers.begin(), status.servers.end(), [&](const ServerStatus& server) {
    return server.wanted && server.name == found.server;
  });
  std::string words;
  for (const auto& out : status.left_out) {
    if (!is_wanted || out.name != found.server || out.standing.kind == found.standing.kind) continue;
    words += "; the record " + common::quote_for_log(out.record) + " of the same name is out, " + out.standing.kind +
             ": " + out.standing.why;
  }
  return words;
}

}  // namespace

Explanation explain(const ServiceStatus& status, std::string_view server, WallTime started, WallTime now) {
  const auto find = [&](auto matches) -> std::optional<Explanation> {
    for (const auto& each : status.servers) {
      Explanation found{.server = each.name, .record = "", .address = "", .standing = each.standing};
      if (each.wanted) found.record = each.wanted->child;
      if (each.wanted) found.address = address_of(each.wanted->host, each.wanted->port);
      if (!each.wanted && each.present) found.address = address_of(each.present->address, each.present->port);
      if (matches(found)) return found;
    }
    for (const auto* list : {&status.left_out, &status.gone}) {
      for (const auto& out : *list) {
        Explanation found{out.name, out.record, out.address, out.standing};
        if (matches(found)) return found;
      }
    }
    return std::nullopt;
  };
  auto found = find([&](const Explanation& each) { return each.server == server || each.record == server; });
  if (!found) {
    found = find([&](const Explanation& each) {
      return each.standing.kind == "invalid" && each.server.empty() && common::node_may_be_of(each.record, server);
    });
  }
  if (!found) found = find([&](const Explanation& each) { return !server.empty() && each.address == server; });
  if (found) {
    if (found->server.empty()) found->server = server;
    found->standing.why += namesakes(status, *found);
    return *found;
  }
  std::string why = "nobody of that name was seen since synapse started at " + clock_time(started, now);
  if (!status.known) why += "; the source has not spoken yet";
  return {std::string(server), "", "", {false, "unseen", std::move(why)}};
}

}  // namespace synapse
