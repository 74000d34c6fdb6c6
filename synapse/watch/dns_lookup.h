// From a name to servers: which questions to ask name servers, and what their answers mean. Pure; asking is the
// caller's.
//
// "No such name" and "no such records" are answers: there are no servers. They show as a record that says so. Anything
// else that is no answer is an error, after which whatever was known stays in force.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "common/result.h"
#include "synapse/watch/dns_answer.h"
#include "synapse/watch/watcher_config.h"

namespace synapse {

struct DnsQuestion {
  std::string name;
  int port = 0;  // 0: its SRV records have the port
  AddressFamily family = AddressFamily::any;

  friend bool operator==(const DnsQuestion&, const DnsQuestion&) = default;
};

struct DnsReply {
  enum class Outcome { answer, no_such_name, no_such_records, failed };

  Outcome outcome = Outcome::failed;
  std::string message;  // of an answer: as it came
  std::string error;    // of a failure
};
using AskNameServers = std::function<DnsReply(const std::string& name, DnsType type)>;

struct DnsServers {
  std::vector<Record> records;  // by address, so that a name server that rotates its answers changes nothing
  std::chrono::seconds ttl{0};  // for how long that is so

  friend bool operator==(const DnsServers&, const DnsServers&) = default;
};

// Each address is a server. Of SRV records those of the lowest priority take traffic and the others are backups;
// weights beyond what HAProxy takes are scaled down.
[[nodiscard]] common::Result<DnsServers> look_up(const DnsQuestion& question, const AskNameServers& ask);

}  // namespace synapse
