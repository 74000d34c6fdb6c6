// What HAProxy answers on its runtime socket and says when it starts. It may be another version, or another program.
#include "synapse/haproxy/advice.h"
#include "synapse/haproxy/commands_fuzz.h"
#include "synapse/haproxy/frontends.h"
#include "synapse/haproxy/render.h"
#include "synapse/haproxy/runtime_codec.h"

namespace {

using namespace synapse::haproxy;
using common::fuzz::has_control;
using common::fuzz::must;

BackendSpec desired() {
  BackendSpec spec{.service = "web", .name = "web_1"};
  spec.backend_lines = {"balance roundrobin"};
  spec.servers = {{.name = "a", .address = "10.0.0.1", .port = 80, .weight = 10, .options = {"check"}},
                  {.name = "b", .address = "fe80::1", .port = 81, .weight = 0},
                  {.name = "c", .address = "/run/c.sock", .weight = 256, .enabled = false}};
  spec.policy = {.verified = true, .drain = std::chrono::seconds(5)};
  return spec;
}

void the_same_however_cut(std::string_view bytes) {
  ReplyReader whole(1 << 20);
  ReplyReader cut(1 << 20);
  must(whole.feed(bytes), "what fits is taken");
  for (std::size_t at = 0, size = 1; at < bytes.size(); at += size, size = size % 7 + 1) {
    must(cut.feed(bytes.substr(at, size)), "what fits is taken");
    while (const auto reply = cut.next()) must(reply == whole.next(), "replies do not depend on packets");
  }
  must(!whole.next().has_value(), "no reply more");
}

void judged(std::string_view reply) {
  const Command commands[] = {set_ready("web_1", "a"), set_weight("web_1", "a", 5), delete_server("web_1", "a"),
                              set_address("web_1", "a", "10.0.0.9", 80), health_down("web_1", "a")};
  for (const auto& command : commands) {
    const auto judgement = judge(command, reply);
    must(judgement.words.empty() == (judgement.verdict == Verdict::ok), "words when it is not ok", judgement.words);
    must(judgement.words.size() <= 300 && !has_control(judgement.words), "words for a log", judgement.words);
  }
}

// As after every read of the state: what is to be done, until nothing is.
void planned(const ObservedState& state) {
  const auto spec = desired();
  const auto capabilities = capabilities_of({3, 0, 11});
  const auto traits = traits_of({}, spec.backend_lines, capabilities);
  for (const auto& [name, backend] : state.backends) {
    must(name == backend.name && !backend.servers.empty(), "a backend that is listed has servers");
    auto fresh = backend;
    adopt(spec.servers, true, fresh);
    carry_over(backend, fresh);
    carry_times(backend, fresh);
    carry_holds(backend, fresh);
    auto same = fresh;
    must(!differs(same, fresh), "nothing differs from itself");
    auto wanted = spec;
    wanted.name = name;
    converge(wanted, traits, capabilities, fresh);
    for (const auto& server : servers_for_file(wanted, traits, &fresh, capabilities, FileFor::running)) {
      must(!unsound(server), "a server for the file is sound", server.name);
    }
    (void)tombstones(wanted, traits, fresh, capabilities);
  }
}

}  // namespace

FUZZ_TARGET(replies) {
  the_same_however_cut(bytes);
  judged(bytes);
  if (const auto state = parse_servers_state(bytes)) planned(*state);
  if (const auto info = parse_info(bytes)) {
    must(info->pid > 0 && !info->version.empty() && !has_control(info->version), "show info");
    (void)parse_version(info->version);
  }
  if (const auto value = parse_env(bytes, kFingerprintVariable)) {
    must(value->find('\n') == std::string::npos, "one value");
  }
  for (const auto& frontend : parse_paused(bytes)) {
    must(bytes.find(frontend) != std::string_view::npos && frontend.find_first_of(" ;\\\n") == std::string::npos,
         "a frontend that can be named in a command", frontend);
  }
  if (const auto workers = count_old_workers(bytes)) must(*workers <= bytes.size(), "workers");
  if (const auto version = parse_version(bytes)) {
    must(version->major >= 0 && version->minor >= 0 && version->patch >= 0, "version");
    (void)capabilities_of(*version);
    (void)too_old(*version);
    must(parse_version(to_string(*version)) == version, "a version that is written is read", to_string(*version));
  }
  const std::string words(bytes);
  must(with_advice(words).starts_with(words), "advice stands behind the words");
  const auto low = level_too_low("/run/haproxy.sock", bytes);
  must(low == denied_by("/run/haproxy.sock", {words}), "the first reply that denies");
}
