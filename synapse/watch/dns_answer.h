// The answer of a name server, from the wire (RFC 1035, RFC 2782). It comes from anybody who can send us a packet: what
// does not fit is an error, and no name or address in it is believed to be one. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace synapse {

enum class DnsType { a, aaaa, srv };

struct DnsAddress {
  std::string name;  // whose, in lower case
  std::string address;

  friend bool operator==(const DnsAddress&, const DnsAddress&) = default;
};

struct DnsTarget {
  int priority = 0;
  int weight = 0;
  int port = 0;
  std::string name;  // in lower case, without a dot at its end; empty: "decidedly not available at this domain"

  friend bool operator==(const DnsTarget&, const DnsTarget&) = default;
};

struct DnsAnswer {
  std::vector<DnsAddress> addresses;  // of the name that was asked for, aliases followed
  std::vector<DnsTarget> targets;     // likewise
  std::vector<DnsAddress> further;    // what the name server thought that one would ask for next
  std::optional<std::int64_t> ttl_s;  // the smallest of all that is here; nothing when nothing is
};

// `message`: a whole answer without an error code. `type`: what was asked for.
[[nodiscard]] common::Result<DnsAnswer> parse_dns_answer(std::string_view message, DnsType type);

}  // namespace synapse
