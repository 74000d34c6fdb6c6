// What is told of the records of a service.
#include <cstddef>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/limits/limits.h"
#include "common/telemetry/log.h"
#include "synapse/events.h"
#include "synapse/events_families.h"

namespace synapse {

namespace log = common::log;

namespace {

// A path-encoded name may be as long as ZooKeeper takes it.
std::string shortened(const std::string& child) {
  constexpr std::size_t most = 300;
  return child.size() <= most ? child : child.substr(0, most) + "...";
}

}  // namespace

void Events::records_judged(const ServiceName& name, const Routed& routed, Clock::time_point now) {
  auto& state = service(name);
  std::unordered_map<std::string, std::size_t> left_out;
  const auto may_tell = [&] {
    if (state.words.take(now)) return true;
    ++state.untold;
    common::limit_hit(common::Limit::told_troubles);
    return false;
  };
  for (const auto& out : routed.left_out) {
    if (!is_fault(out.because)) continue;
    const auto reason = std::hash<std::string>()(out.reason);
    left_out.emplace(out.child, reason);
    const auto before = state.left_out.find(out.child);
    if (before != state.left_out.end() && before->second == reason) continue;
    families_->left_out.Add({{"service", name.service}}).Increment();
    if (!may_tell()) continue;
    record(name, "record", shortened(out.child), "", "left out", out.reason);
    log::warn("{}: {} is left out: {}", name.service, shortened(out.child), out.reason);
  }
  std::swap(state.left_out, left_out);
  std::erase_if(left_out, [&](const auto& before) { return state.left_out.contains(before.first); });
  // Of those that were at fault before: who is routed now. Others are gone.
  for (const auto& server : routed.servers) {
    if (left_out.empty()) break;
    if (left_out.erase(server.child) == 0 || !may_tell()) continue;
    record(name, "record", shortened(server.child), "left out", "in order", "");
    log::info("{}: record {} is in order again", name.service, shortened(server.child));
  }
  if (state.untold > 0 && state.summary.earliest(now) <= now) {
    state.summary.acted(now);
    log::warn("{}: {} more changes of records that are left out are not told one by one; {} are left out now",
              name.service, std::exchange(state.untold, 0), state.left_out.size());
  }
  servers_in_excess(name, routed.excess, routed.servers.size());
}

void Events::servers_in_excess(const ServiceName& name, std::size_t excess, std::size_t routed) {
  auto& state = service(name);
  const auto before = std::exchange(state.told_excess, excess);
  set(state.excess, families_->excess, state, static_cast<double>(excess));
  if ((before == 0) == (excess == 0)) return;
  record(name, "excess", "", before == 0 ? "false" : "true", excess == 0 ? "false" : "true",
         excess == 0 ? "" : std::to_string(excess) + " servers more than maxServers allows");
  if (excess == 0) return log::info("{}: there are not more servers than maxServers any more", name.service);
  log::warn(
      "{}: {} servers are left out because there are more than maxServers; {} are routed. Look at the registry, or "
      "raise maxServers",
      name.service, excess, routed);
}

}  // namespace synapse
