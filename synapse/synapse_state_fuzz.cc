// The last good records of a service, as an earlier life wrote them, or somebody else.
#include "common/fuzz/target.h"
#include "common/registration/validate.h"
#include "synapse/saved_text.h"

namespace {

using namespace synapse;
using common::fuzz::must;

std::vector<RoutedServer> routed(const std::vector<Record>& records) {
  Pool pool(PoolOptions{});
  (void)pool.update(records);
  return pool.routed().servers;
}

}  // namespace

FUZZ_TARGET(synapse_state) {
  const auto saved = decode_saved(bytes);
  if (!saved) {
    must(!saved.error().message.empty(), "why it is of no use");
    return;
  }
  for (const auto& record : saved->records) {
    must(record.socket.empty(), "no file can name a socket");
    if (record.registration) must(common::is_server_name(record.registration->name), "name");
  }
  const auto servers = routed(saved->records);
  for (const auto& server : servers) must(!server.on_socket() && !server.is_default, "of the registry", server.name);
  const auto text = encode_saved("web", servers, saved->saved_at);
  const auto again = decode_saved(text);
  must(again.has_value(), "what is written is read", text);
  must(again->records.size() == servers.size(), "all of them", text);
  for (const auto& record : again->records) must(record.registration.has_value(), "a good record stays good", text);
  const auto second = routed(again->records);
  must(second.size() == servers.size(), "as many servers", text);
  must(encode_saved("web", second, again->saved_at) == text, "nothing changes by being written again", text);
}
