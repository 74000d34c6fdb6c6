#include "synapse/watch/dns_lookup.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "common/registration/validate.h"

namespace synapse {
namespace {

using common::Result;
using Outcome = DnsReply::Outcome;

// How long "there is none" counts; name servers say it, but glibc does not tell.
constexpr std::int64_t kNoneServesForS = 5;
constexpr int kMostWeight = 256;
// Each may need a question of its own.
constexpr std::size_t kMostTargets = 256;

std::vector<DnsType> types_of(AddressFamily family) {
  if (family == AddressFamily::ipv4) return {DnsType::a};
  if (family == AddressFamily::ipv6) return {DnsType::aaaa};
  return {DnsType::a, DnsType::aaaa};
}

struct Addresses {
  std::vector<std::string> all;  // sorted
  std::string none_because;
};

class Lookup {
 public:
  explicit Lookup(const AskNameServers& ask) : ask_(ask) {}

  Result<DnsServers> of(const DnsQuestion& question) {
    const auto good = question.port != 0 ? read_host(question) : read_services(question);
    if (!good) return good.error();
    std::sort(servers_.records.begin(), servers_.records.end(),
              [](const Record& a, const Record& b) { return a.child < b.child; });
    servers_.ttl = std::chrono::seconds(ttl_s_.value_or(kNoneServesForS));
    return std::move(servers_);
  }

 private:
  Result<void> read_host(const DnsQuestion& question) {
    const auto addresses = addresses_of(question.name, question.family);
    if (!addresses) return addresses.error();
    if (addresses->all.empty()) none(question.name, addresses->none_because);
    for (const auto& address : addresses->all) add(address, question.port, {});
    return {};
  }

  Result<void> read_services(const DnsQuestion& question) {
    const auto reply = ask_(question.name, DnsType::srv);
    if (reply.outcome == Outcome::failed) return failed(question.name, reply.error);
    if (reply.outcome != Outcome::answer) {
      none(question.name, why_none(reply.outcome));
      return {};
    }
    const auto answer = parse_dns_answer(reply.message, DnsType::srv);
    if (!answer) return failed(question.name, answer.error().message);
    keep(answer->ttl_s);
    auto targets = answer->targets;
    std::erase_if(targets, [](const DnsTarget& target) { return target.name.empty(); });
    if (targets.empty()) none(question.name, "there is no server for it");
    if (targets.size() > kMostTargets) {
      return failed(question.name, "more than " + std::to_string(kMostTargets) + " SRV records");
    }
    int lowest = 65535;
    int heaviest = 0;
    for (const auto& target : targets) {
      lowest = std::min(lowest, target.priority);
      heaviest = std::max(heaviest, target.weight);
    }
    for (const auto& target : targets) {
      const auto addresses = addresses_of_target(target.name, *answer, question.family);
      if (!addresses) return addresses.error();
      if (addresses->all.empty()) none(target.name, addresses->none_because);
      common::Registration traits;
      traits.weight = scaled(target.weight, heaviest);
      if (target.priority > lowest) traits.haproxy_server_options = "backup";
      if (addresses->all.size() == 1) traits.name = target.name + ":" + std::to_string(target.port);
      for (const auto& address : addresses->all) add(address, target.port, traits);
    }
    return {};
  }

  // 0 means "hardly ever", not "never", and nothing at all when all have it.
  static int scaled(int weight, int heaviest) {
    if (heaviest > kMostWeight) weight = (weight * kMostWeight + heaviest / 2) / heaviest;
    return std::max(1, weight);
  }

  Result<Addresses> addresses_of_target(const std::string& target, const DnsAnswer& answer, AddressFamily family) {
    for (const auto type : types_of(family)) {
      Addresses found;
      for (const auto& further : answer.further) {
        const bool right_type = common::is_ipv6_address(further.address) == (type == DnsType::aaaa);
        if (further.name == target && right_type) found.all.push_back(further.address);
      }
      if (!found.all.empty()) return sorted(std::move(found));
    }
    if (!common::is_host_name(target)) return Addresses{{}, "its name is no host name"};
    return addresses_of(target + ".", family);  // whole: no search list
  }

  Result<Addresses> addresses_of(const std::string& name, AddressFamily family) {
    Addresses found;
    for (const auto type : types_of(family)) {
      const auto reply = ask_(name, type);
      if (reply.outcome == Outcome::failed) return failed(name, reply.error);
      if (reply.outcome != Outcome::answer) {
        found.none_because = why_none(reply.outcome);
        if (reply.outcome == Outcome::no_such_name) break;
        continue;
      }
      const auto answer = parse_dns_answer(reply.message, type);
      if (!answer) return failed(name, answer.error().message);
      for (const auto& each : answer->addresses) found.all.push_back(each.address);
      found.none_because = why_none(Outcome::no_such_records);
      if (found.all.empty()) continue;
      keep(answer->ttl_s);
      break;
    }
    return sorted(std::move(found));
  }

  static Addresses sorted(Addresses addresses) {
    auto& all = addresses.all;
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return addresses;
  }

  static std::string why_none(Outcome outcome) {
    return outcome == Outcome::no_such_name ? "name servers know no such name (NXDOMAIN)"
                                            : "name servers have no such records of it";
  }

  static common::Error failed(const std::string& name, const std::string& why) {
    return common::fail("cannot resolve " + name + ": " + why);
  }

  void none(const std::string& name, const std::string& why) {
    servers_.records.push_back({.child = name, .registration = common::fail(why)});
    keep(kNoneServesForS);
  }

  void add(const std::string& address, int port, const common::Registration& traits) {
    const auto place = common::host_port(address, port);
    if (!seen_.insert(place).second) return;
    Record record{.child = place, .registration = traits};
    auto& registration = *record.registration;
    registration.host = address;
    registration.port = port;
    if (!common::is_server_name(registration.name)) registration.name = address + ":" + std::to_string(port);
    if (common::is_any_address(address)) {
      record.registration = common::fail(common::quote_for_log(address) + " is no address of a server");
    } else if (port == 0) {
      record.registration = common::fail("port 0");
    }
    servers_.records.push_back(std::move(record));
  }

  void keep(std::optional<std::int64_t> ttl_s) {
    if (ttl_s) ttl_s_ = std::min(ttl_s_.value_or(*ttl_s), *ttl_s);
  }

  const AskNameServers& ask_;
  DnsServers servers_;
  std::set<std::string> seen_;
  std::optional<std::int64_t> ttl_s_;
};

}  // namespace

Result<DnsServers> look_up(const DnsQuestion& question, const AskNameServers& ask) {
  return Lookup(ask).of(question);
}

}  // namespace synapse
