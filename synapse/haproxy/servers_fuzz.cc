// From what the registry says to HAProxy's file and socket: records, one in a line, of one service.
#include <algorithm>
#include <optional>

#include "common/fuzz/target.h"
#include "common/registration/registration.h"
#include "common/registration/validate.h"
#include "synapse/haproxy/commands_fuzz.h"
#include "synapse/haproxy/render.h"
#include "synapse/haproxy/words.h"
#include "synapse/pool/pool.h"
#include "synapse/server_options.h"

namespace {

using namespace synapse;
using namespace synapse::haproxy;
using common::fuzz::must;

constexpr std::size_t kMostRecords = 64;

std::vector<Record> records_in(common::fuzz::Input& input) {
  std::vector<Record> records;
  while (!input.empty() && records.size() < kMostRecords) {
    const auto number = static_cast<std::int64_t>(records.size());
    records.push_back({"child" + std::to_string(number), common::decode("", input.line()), 1000 + number, number});
  }
  return records;
}

// As the router does it: nothing when the service's words do not fit the server's labels.
std::optional<ServerSpec> spec_of(const RoutedServer& server, const std::string& options) {
  const auto more = expand_server_options(options, server.name, server.labels, 1);
  if (!more) return std::nullopt;
  const auto words = split_words(*more);
  must(words.has_value(), "whole words", *more);
  ServerSpec spec{.name = server.name,
                  .address = server.host,
                  .port = server.port,
                  .weight = server.weight,
                  .enabled = server.available,
                  .options = server.options};
  if (server.backup) spec.options.push_back("backup");
  spec.options.insert(spec.options.end(), words->begin(), words->end());
  must(!unsound(spec), "what was accepted is sound", server.name);
  return spec;
}

std::size_t by_address(const std::vector<RoutedServer>& servers) {
  return static_cast<std::size_t>(std::count_if(
      servers.begin(), servers.end(), [](const RoutedServer& server) { return common::is_ip_address(server.host); }));
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// The file has one line more for each server, and says of it what was wanted.
void must_be_written(const ConfigSpec& config) {
  auto bare = config;
  bare.backends.front().servers.clear();
  const auto usable = usable_servers(config.backends.front(), {});
  const auto rendered = render(config);
  must(rendered.fingerprint == render(bare).fingerprint, "servers are no part of the skeleton");
  must(lines_of(rendered.text) == lines_of(render(bare).text) + usable.size(), "a line for each server", rendered.text);
  must(std::none_of(rendered.text.begin(), rendered.text.end(),
                    [](unsigned char c) { return (c < ' ' && c != '\n') || c == 0x7F; }),
       "plain text", rendered.text);
  const auto read = read_rendered(rendered.text);
  must(read.has_value() && read->fingerprint == rendered.fingerprint, "the file is one of ours", rendered.text);
  must(read->servers.at("web_1") == usable, "what is written is what is read", rendered.text);
}

// From nothing, and from a HAProxy that has other servers.
void must_be_sent(const BackendSpec& wanted, const Capabilities& capabilities) {
  const auto traits = traits_of({}, wanted.backend_lines, capabilities);
  ObservedBackend observed{.name = "web_1"};
  converge(wanted, traits, capabilities, observed);
  BackendSpec nobody = wanted;
  nobody.servers.clear();
  must_be_commands(synapse::haproxy::plan(nobody, traits, &observed, capabilities));
  for (const auto& server : servers_for_file(nobody, traits, &observed, capabilities, FileFor::running)) {
    must(!unsound(server), "a tombstone is sound", server.name);
  }
}

}  // namespace

FUZZ_TARGET(servers) {
  common::fuzz::Input input(bytes);
  std::string options(input.line());
  if (why_no_server_options(options)) options.clear();
  PoolOptions order{.order = PoolOrder::name, .rules = {.prefer = Preference{.label = "zone", .value = "a"}}};
  Pool pool(std::move(order));
  (void)pool.update(records_in(input));
  ConfigSpec config;
  config.backends.push_back({.service = "web", .name = "web_1", .frontend_lines = {"bind 127.0.0.1:80"}});
  auto& web = config.backends.front();
  web.backend_lines = {"balance roundrobin"};
  for (const auto& server : pool.routed().servers) {
    // Host names are for the resolver.
    if (!common::is_ip_address(server.host)) continue;
    if (auto spec = spec_of(server, options)) web.servers.push_back(std::move(*spec));
  }
  must(options.empty() || names_labels(options) || web.servers.size() == by_address(pool.routed().servers),
       "only labels can keep a server out", options);
  must_be_written(config);
  for (const auto& version : {Version{2, 6, 12}, Version{3, 0, 11}}) must_be_sent(web, capabilities_of(version));
}
