// Servers that this machine's operator lists, in a key of the configuration or in a file of its own, as records: what a
// registry would say of them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/reader.h"
#include "common/result.h"
#include "synapse/pool/record.h"

namespace synapse {

// A list whose items are "host:port" or mappings with `host` and `port`, or `socket`, and whatever else a record has
// (`name`, `weight`, `labels`, `haproxyServerOptions`, `id`, `available`). Airbnb's lists and nerve's own records read,
// too. Each record is named after its place (`servers[2]`), and counts as younger than the one before it. What is wrong
// is recorded at its place, and the result then of no use.
[[nodiscard]] std::vector<Record> read_servers(const common::Reader& list);

// The same list as the whole text of a file, YAML or JSON. An item that cannot be used becomes a record that says why
// (`file:line: [2].port: ...`), so that the others are served; unknown keys are passed over, as in a record of the
// registry. The error: the text is no list at all.
[[nodiscard]] common::Result<std::vector<Record>> parse_servers(std::string_view text, const std::string& file);

}  // namespace synapse
