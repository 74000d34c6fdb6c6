// The configuration file as text, and back. Equal input gives equal bytes: no date, no host name, no iteration order
// that could change. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "synapse/haproxy/server.h"

namespace synapse::haproxy {

// The variable in `global` that carries the fingerprint: `show env SYNAPSE_CONFIG` on the runtime socket tells which
// skeleton a running HAProxy was loaded with.
inline constexpr std::string_view kFingerprintVariable = "SYNAPSE_CONFIG";

struct RenderedConfig {
  std::string text;         // ends with a newline
  std::string fingerprint;  // 16 hex digits over everything except server lines
  // What was left out to keep the file sound: a server that is not fit for a file, a service line that would have begun
  // a section. Names the service; empty in normal life.
  std::vector<std::string> warnings;
};

[[nodiscard]] RenderedConfig render(const ConfigSpec& config);

// What a file says that render() wrote in an earlier life: the options that the running servers were loaded with.
struct RenderedFile {
  std::string fingerprint;
  std::map<std::string, std::vector<ServerSpec>> servers;  // by backend name, in file order
};

// Nothing when the text is not one of ours. Lines that do not look like ours are passed over.
[[nodiscard]] std::optional<RenderedFile> read_rendered(std::string_view text);

}  // namespace synapse::haproxy
