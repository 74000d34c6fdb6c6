#include "synapse/status/output_state.h"

#include <algorithm>
#include <unordered_map>

#include "common/registration/validate.h"

namespace synapse {
namespace {

using ByName = std::unordered_map<std::string_view, const OutputServer*>;

ByName by_name(const std::vector<OutputServer>& servers) {
  ByName found;
  for (const auto& server : servers) found.emplace(server.name, &server);
  return found;
}

bool serves(OutputMode mode) {
  return mode == OutputMode::ready || mode == OutputMode::down;
}

std::string place_of(const OutputServer& server) {
  return server.address.starts_with('/') ? server.address : common::host_port(server.address, server.port);
}

std::string brief(const OutputServer& server) {
  return place_of(server) + " weight " + std::to_string(server.weight);
}

void compare(const OutputServer& wanted, const OutputServer& present, std::vector<OutputDifference>& found) {
  const auto add = [&](const char* what, std::string is_wanted, std::string has) {
    found.push_back({wanted.name, what, std::move(is_wanted), std::move(has), present.note});
  };
  const bool in = serves(wanted.mode);
  if (in && place_of(wanted) != place_of(present)) add("address", place_of(wanted), place_of(present));
  if (in && wanted.weight != present.weight && !present.weight_moves) {
    add("weight", std::to_string(wanted.weight), std::to_string(present.weight));
  }
  if (in != serves(present.mode))
    add("mode", std::string(to_string(wanted.mode)), std::string(to_string(present.mode)));
}

}  // namespace

std::string_view to_string(OutputMode mode) {
  switch (mode) {
    case OutputMode::ready:
      return "ready";
    case OutputMode::draining:
      return "draining";
    case OutputMode::maintenance:
      return "maintenance";
    case OutputMode::down:
      return "down";
    case OutputMode::unusable:
      return "unusable";
  }
  return "unknown";
}

OutputState written_output(const Routed& routed) {
  OutputState output;
  for (const auto& server : routed.servers) {
    output.wanted.push_back({.name = server.name,
                             .address = server.host,
                             .port = server.port,
                             .weight = server.weight,
                             .mode = server.available ? OutputMode::ready : OutputMode::maintenance});
  }
  output.present = output.wanted;
  return output;
}

void WrittenOutput::want(const Routed& routed) {
  wanted_ = written_output(routed).wanted;
}

void WrittenOutput::written() {
  present_ = wanted_;
  written_ = true;
}

OutputState WrittenOutput::state() const {
  OutputState output;
  output.wanted = wanted_;
  output.present = present_;
  if (!written_) output.unknown = "nothing has been written yet";
  return output;
}

std::vector<OutputDifference> differences(const OutputState& output) {
  std::vector<OutputDifference> found;
  if (!output.unknown.empty()) return found;
  const auto present = by_name(output.present);
  for (const auto& wanted : output.wanted) {
    if (const auto has = present.find(wanted.name); has != present.end()) {
      compare(wanted, *has->second, found);
      continue;
    }
    if (!serves(wanted.mode)) continue;
    const auto problem = output.problems.find(wanted.name);
    found.push_back({wanted.name, "missing", brief(wanted), "",
                     problem != output.problems.end() ? problem->second
                     : output.waiting.empty()         ? ""
                                                      : output.waiting.front()});
  }
  const auto wanted = by_name(output.wanted);
  for (const auto& has : output.present) {
    if (wanted.contains(has.name) || !serves(has.mode)) continue;
    found.push_back({has.name, "surplus", "", brief(has), has.note});
  }
  return found;
}

}  // namespace synapse
