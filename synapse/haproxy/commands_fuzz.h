// What holds for every command, whatever it was made from. Only fuzz targets include this.
#pragma once

#include <string_view>

#include "common/fuzz/target.h"
#include "synapse/haproxy/plan.h"

namespace synapse::haproxy {

// One command, whole words, and nothing that HAProxy would take for the end of it, for a payload or for a quote. What
// stands behind a backslash is a part of its word.
inline void must_be_one_command(const Command& command) {
  using common::fuzz::must;
  const std::string_view text = command.text;
  must(!text.empty() && text.size() <= kMaxCommandBytes, "length of a command", text);
  must(!common::fuzz::has_control(text), "a command in one line", text);
  std::size_t words = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    must(text[i] != ';', "one command only", text);
    must(i == 0 || text[i - 1] != ' ' || text.substr(i, 2) != "<<", "no payload", text);
    if (text[i] == ' ') ++words;
    if (text[i] == '\\') ++i;
  }
  must(words <= 64, "number of words", text);
}

inline void must_be_commands(const Plan& plan) {
  for (const auto& command : plan.commands) must_be_one_command(command);
  for (const auto& command : plan.removals) must_be_one_command(command);
}

// HAProxy does all of it.
inline void carry_out(const Plan& plan, ObservedBackend& backend) {
  for (const auto* commands : {&plan.commands, &plan.removals}) {
    for (const auto& command : *commands) {
      std::string_view reply;
      if (command.kind == CommandKind::add_server) reply = "New server registered.";
      if (command.kind == CommandKind::delete_server) reply = "Server deleted.";
      if (command.kind == CommandKind::set_address) reply = "nothing changed";
      common::fuzz::must(acknowledge(command, reply, backend).verdict == Verdict::ok, "done", command.text);
    }
  }
}

// Until there is nothing left to do.
inline void converge(const BackendSpec& wanted, const BackendTraits& traits, const Capabilities& capabilities,
                     ObservedBackend& backend) {
  constexpr int kEnough = 4;
  for (int round = 0; round < kEnough; ++round) {
    const auto plan = haproxy::plan(wanted, traits, &backend, capabilities);
    must_be_commands(plan);
    if (plan.commands.empty()) return;
    carry_out(plan, backend);
  }
  const auto left = haproxy::plan(wanted, traits, &backend, capabilities);
  common::fuzz::must(left.commands.empty(), "a plan that was carried out is done",
                     left.commands.empty() ? "" : left.commands.front().text);
}

}  // namespace synapse::haproxy
