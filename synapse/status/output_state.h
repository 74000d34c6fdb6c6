// What a router's output (HAProxy, a file) has of one service beside what it shall have, in words that fit every kind
// of router. Filled by the router when somebody asks. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "synapse/pool/pool.h"

namespace synapse {

enum class OutputMode {
  ready,        // takes new connections
  draining,     // takes none but those that belong to it already
  maintenance,  // takes none
  down,         // would take some, but the output's own check fails
  unusable,     // the output holds it without an address
};

// The word for people and for the API.
[[nodiscard]] std::string_view to_string(OutputMode mode);

struct OutputServer {
  std::string name;
  std::string address;  // of a host name: what it resolves to
  int port = 0;
  int weight = 0;
  OutputMode mode = OutputMode::ready;
  std::string note = {};      // what is peculiar about it, for people: "by hand"
  bool weight_moves = false;  // somebody else chooses the weight: an agent of HAProxy's

  friend bool operator==(const OutputServer&, const OutputServer&) = default;
};

struct OutputState {
  std::string unknown;                          // why nothing is known of `present`; empty: it is known
  std::vector<OutputServer> wanted;             // in order; ready or in maintenance
  std::vector<OutputServer> present;            // those that are ours to command
  std::map<std::string, std::string> problems;  // server -> why the output cannot have it
  std::vector<std::string> waiting;             // what must happen before it has what is wanted: reloads and why

  friend bool operator==(const OutputState&, const OutputState&) = default;
};

// Of an output that has what was written to it: nobody can be asked.
[[nodiscard]] OutputState written_output(const Routed& routed);

// The same when it is written a moment after it is wanted.
class WrittenOutput {
 public:
  void want(const Routed& routed);
  // What is wanted now has been written.
  void written();
  OutputState state() const;

 private:
  std::vector<OutputServer> wanted_;
  std::vector<OutputServer> present_;
  bool written_ = false;  // at least once
};

// One thing in which the two are not the same.
struct OutputDifference {
  std::string server;
  std::string what;    // "missing", "surplus", "address", "weight", "mode"
  std::string wanted;  // empty when surplus
  std::string has;     // empty when missing
  std::string why;     // as far as it is known

  friend bool operator==(const OutputDifference&, const OutputDifference&) = default;
};

// A server that is wanted out of service may be missing, and one that is not wanted may stay in maintenance: neither
// makes a difference to anybody. That a check of the output's fails is none either. Empty while nothing is known.
[[nodiscard]] std::vector<OutputDifference> differences(const OutputState& output);

}  // namespace synapse
