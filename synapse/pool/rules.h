// What the configuration of a service says about its servers: which of them count, which come first, and who serves
// when there are none. Values, and what they mean for a single server; Pool applies them. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "synapse/pool/record.h"

namespace synapse {

using Labels = std::map<std::string, std::string>;

// One condition on a label of a server. A server without the label passes `none_of` only, as with Airbnb's not-equals.
struct LabelFilter {
  enum class Condition { one_of, none_of, exists };

  std::string label;
  Condition condition = Condition::one_of;
  std::vector<std::string> values;

  // Why a server with these labels is left out; nothing: it passes.
  [[nodiscard]] std::optional<std::string> why_not(const Labels& labels) const;

  friend bool operator==(const LabelFilter&, const LabelFilter&) = default;
};

// Servers with this label are near. The far ones stand behind them, and serve less or not at all while a near one does.
struct Preference {
  std::string label;
  std::string value;
  // At most this weight for a far server, so that one that warms up or is drained stays below it. Nothing: a far server
  // is a backup.
  std::optional<int> far_weight;

  [[nodiscard]] bool is_near(const Labels& labels) const;

  friend bool operator==(const Preference&, const Preference&) = default;
};

struct PoolRules {
  std::vector<LabelFilter> label_filters;  // a server passes all of them
  int port_override = 0;                   // the port of every server of the source; 0: the record's
  std::vector<Record> default_servers;     // behind all others, in this order; no filter and no other port for them
  bool keep_default_servers = false;       // always; else when no server of the source is there to serve
  std::optional<Preference> prefer;
  // Of the source, so that a registry full of records costs neither us nor HAProxy much.
  std::size_t max_servers = 5000;

  friend bool operator==(const PoolRules&, const PoolRules&) = default;
};

}  // namespace synapse
