// The record that nerve writes and synapse reads: one znode per live backend. The format is shared with go-nerve,
// go-synapse and Airbnb's pair, so every field, its name and its order are fixed.
//
// What is read comes from the network and is not trusted: decode() lets through only what is safe to put into an
// HAProxy configuration (see validate.h). Pure: no I/O, no clock, any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace common {

struct Registration {
  bool available = true;
  std::string unavailable_reason;
  std::string host;  // IPv4, IPv6 (without brackets) or a host name
  int port = 0;      // 1..65535
  std::string name;  // HAProxy server name; host:port when the record has none
  std::string haproxy_server_options;
  std::optional<int> weight;  // 0..256; absent: the reader's default
  std::map<std::string, std::string> labels;
  std::string id;  // Airbnb's stable HAProxy server id; empty when absent

  friend bool operator==(const Registration&, const Registration&) = default;
};

// One compact JSON object in go-nerve's key order, UTF-8, without a trailing newline. Empty strings, empty labels and
// an absent weight are left out; `available` is always written. Bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string encode(const Registration& registration);

// Reads one child of a service's path. `child` is the node's name, `data` its content; a path-encoded child carries the
// record in its name and its data is not looked at. Of a Finagle record (see serverset.h) `endpoint_name` chooses the
// endpoint. The error says which field is wrong and why, with the offending value escaped and shortened.
[[nodiscard]] Result<Registration> decode(std::string_view child, std::string_view data,
                                          std::string_view endpoint_name = {});

// True when the child's name carries the record (`base64_<length>_<url-safe base64>_<10 digits>`, Airbnb's path
// encoding), so that its data need not be read.
[[nodiscard]] bool is_path_encoded(std::string_view child);

// What a path-encoded name begins with: `base64_<length>_<url-safe base64>_`, the padding kept. Ten digits follow.
[[nodiscard]] std::string encode_into_name(const Registration& registration);

// The name of the node that nerve creates for an instance: `<name>_<host>_<port>`, with every character outside
// [A-Za-z0-9.:-] replaced by '-'. The same instance always has the same name.
[[nodiscard]] std::string node_name(std::string_view name, std::string_view host, int port);

}  // namespace common
