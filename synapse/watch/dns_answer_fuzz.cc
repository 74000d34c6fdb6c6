// What a name server, or whoever can send a packet in its name, makes of a watcher's servers. Each piece of the input
// is the next answer.
#include "common/fuzz/target.h"
#include "common/registration/validate.h"
#include "synapse/watch/dns_lookup.h"

namespace {

using namespace synapse;
using common::fuzz::must;

constexpr std::chrono::seconds kLongestTtl{0x7FFFFFFF};

void parsed_alone(std::string_view message) {
  for (const auto type : {DnsType::a, DnsType::aaaa, DnsType::srv}) {
    const auto answer = parse_dns_answer(message, type);
    if (!answer) {
      must(!answer.error().message.empty(), "why it is no answer");
      continue;
    }
    must(!answer->ttl_s || (*answer->ttl_s >= 0 && *answer->ttl_s <= kLongestTtl.count()), "ttl");
    for (const auto* addresses : {&answer->addresses, &answer->further}) {
      for (const auto& each : *addresses) must(common::is_ip_address(each.address), "address", each.address);
    }
    for (const auto& target : answer->targets) {
      must(target.port >= 0 && target.port <= 65535 && target.weight >= 0 && target.weight <= 65535, "numbers");
    }
  }
}

}  // namespace

FUZZ_TARGET(dns_answer) {
  common::fuzz::Input input(bytes);
  const auto mode = input.line();
  const DnsQuestion question{.name = "web.example.org",
                             .port = mode.starts_with("srv") ? 0 : 80,
                             .family = mode.ends_with("6") ? AddressFamily::ipv6 : AddressFamily::any};
  parsed_alone(input.rest());
  int questions = 0;
  const auto servers = look_up(question, [&](const std::string& name, DnsType) -> DnsReply {
    must(++questions < 2000, "questions have an end");
    must(common::is_host_name(name), "only host names are asked for", name);
    if (input.empty()) return {.outcome = DnsReply::Outcome::no_such_records};
    return {.outcome = DnsReply::Outcome::answer, .message = std::string(input.piece())};
  });
  if (!servers) {
    must(!common::fuzz::has_control(servers.error().message), "an error for a log", servers.error().message);
    return;
  }
  must(servers->ttl.count() >= 0 && servers->ttl <= kLongestTtl, "ttl");
  for (const auto& record : servers->records) {
    must(record.socket.empty(), "no packet can name a socket");
    if (!record.registration) continue;
    const auto& server = *record.registration;
    must(common::is_ip_address(server.host) && !common::is_any_address(server.host), "address", server.host);
    must(server.port >= 1 && server.port <= 65535, "port");
    must(!server.weight || (*server.weight >= 0 && *server.weight <= 256), "weight");
    must(server.name.empty() || common::is_server_name(server.name), "name", server.name);
  }
}
