#include "synapse/haproxy/plan.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace synapse::haproxy {

namespace {

bool in_service(const ObservedServer& server) {
  return !server.forced_maintenance && !server.inherited_maintenance && !server.forced_drain && !server.address.empty();
}

void append(std::vector<Command>& to, std::vector<Command>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// One plan() in the making: gathers commands by phase and joins them at the end.
class Planner {
 public:
  Planner(const BackendSpec& desired, const BackendTraits& traits, const ObservedBackend& observed,
          const Capabilities& capabilities)
      : backend_(desired.name),
        traits_(traits),
        observed_(observed),
        capabilities_(capabilities),
        wanted_(usable_servers(desired, traits.declared)) {
    for (const auto& server : observed.servers) by_name_.emplace(server.name, &server);
    for (const auto& server : wanted_) {
      const auto* present = find(server.name);
      if (server.enabled && server.weight > 0 && present != nullptr && in_service(*present)) ++serving_;
    }
  }

  Plan run() {
    for (const auto& server : wanted_) {
      const auto* present = find(server.name);
      if (present == nullptr) {
        plan_new(server);
      } else {
        plan_known(server, *present);
      }
    }
    std::unordered_set<std::string_view> wanted_names;
    for (const auto& server : wanted_) wanted_names.insert(server.name);
    for (const auto& server : observed_.servers) {
      if (!wanted_names.contains(server.name) && !traits_.declared.contains(server.name)) plan_vanished(server);
    }
    // The reload that brings the next servers in also takes the last ones out.
    if (serving_ + entering_servers_ == 0 && !plan_.reloads.empty()) leaving_.clear();
    for (auto* phase : {&entering_, &addresses_, &raising_, &lowering_, &replacing_, &leaving_}) {
      append(plan_.commands, *phase);
    }
    return std::move(plan_);
  }

 private:
  const ObservedServer* find(const std::string& name) const {
    auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }

  void reload(ReloadReason reason, std::string words) {
    plan_.reloads.push_back({reason, backend_ + "/" + std::move(words)});
  }

  // The commands that bring a server in, up to `state ready`.
  common::Result<std::vector<Command>> addition(const ServerSpec& server) const {
    auto words = addition_of(server, traits_, capabilities_);
    if (!words.has_value()) return words.error();
    auto add = add_server(backend_, server, *words);
    if (!add.has_value()) return add.error();
    std::vector<Command> commands{*add};
    // Checks are running when the first connection comes.
    if (words->check) commands.push_back(enable_health(backend_, server.name));
    if (words->agent_check) commands.push_back(enable_agent(backend_, server.name));
    if (traits_.dynamic_cookies) commands.push_back(enable_dynamic_cookie(backend_));
    if (server.enabled) commands.push_back(set_ready(backend_, server.name));
    return commands;
  }

  void plan_new(const ServerSpec& server) {
    auto commands = addition(server);
    bool possible = !traits_.not_dynamic && !observed_.refused.contains(server.name) && commands.has_value();
    if (possible) {
      append(entering_, *commands);
      count_entering(server);
      return;
    }
    // A server that would not serve is no reason to reload.
    if (!server.enabled) return;
    if (traits_.not_dynamic) {
      reload(traits_.not_dynamic->reason, server.name + " is new: " + traits_.not_dynamic->words);
    } else if (!commands.has_value()) {
      reload(ReloadReason::option_not_dynamic, server.name + " is new: " + commands.error().message);
    } else {
      reload(ReloadReason::command_refused, server.name + " is new, and HAProxy refused to add it");
    }
  }

  void plan_known(const ServerSpec& server, const ObservedServer& present) {
    bool same_options = present.options == server.options;
    bool usable = !present.address.empty();
    bool movable = can_move(present.address, server.address);
    if ((!usable || !movable || !same_options) && replace(server, present)) return;
    if (!usable || !movable) {
      auto why = usable ? ": its unix socket is another one, or none" : " has no address in HAProxy";
      if (server.enabled) reload(ReloadReason::unusable_server, server.name + why);
      if (!server.enabled) leave(server.name, present);
      return;
    }
    if (!same_options && server.enabled) {
      reload(ReloadReason::options_changed,
             server.name + (present.options ? ": its options changed" : ": the options it runs with are not known"));
    }
    converge(server, present);
  }

  // Deletes and adds anew, where that is safe and leaves another server in service meanwhile.
  bool replace(const ServerSpec& server, const ObservedServer& present) {
    if (!capabilities_.delete_servers || traits_.not_dynamic || present.removal_refused) return false;
    if (observed_.refused.contains(server.name)) return false;
    bool serves = in_service(present);
    bool counted = serves && server.enabled && server.weight > 0;
    if (serves && serving_ - (counted ? 1 : 0) < 1) return false;
    auto commands = addition(server);
    if (!commands.has_value()) return false;
    if (!present.forced_maintenance) replacing_.push_back(set_maintenance(backend_, server.name));
    replacing_.push_back(delete_server(backend_, server.name));
    append(replacing_, *commands);
    if (!counted) count_entering(server);
    return true;
  }

  void converge(const ServerSpec& server, const ObservedServer& present) {
    // An agent may drain its server.
    bool enters = server.enabled && (present.forced_maintenance || (present.forced_drain && !present.agent_enabled));
    converge_weight(server, present, enters);
    if (!same_address(server.address, present.address) || server.port != present.port) {
      auto& phase = enters ? entering_ : addresses_;
      phase.push_back(set_address(backend_, server.name, server.address, server.port));
      // The check's verdict was about the old address. Like a new server, this one serves until a check fails.
      if (!enters && server.enabled && present.check_enabled) phase.push_back(health_up(backend_, server.name));
    }
    if (present.check_configured && !present.check_enabled) entering_.push_back(enable_health(backend_, server.name));
    if (present.agent_configured && !present.agent_enabled) entering_.push_back(enable_agent(backend_, server.name));
    if (enters) {
      entering_.push_back(set_ready(backend_, server.name));
      count_entering(server);
    }
    if (!server.enabled) leave(server.name, present);
  }

  void converge_weight(const ServerSpec& server, const ObservedServer& present, bool enters) {
    if (server.weight == present.weight) return;
    // An agent moves the weight below the one it was given.
    if (present.agent_enabled && server.weight == present.initial_weight) return;
    // Static load balancing takes only 0 and the weight of the file.
    if (!traits_.live_weights && server.weight != 0 && server.weight != present.initial_weight) {
      if (server.enabled) {
        reload(ReloadReason::weight_not_live, server.name + ": weight " + std::to_string(present.weight) + " to " +
                                                  std::to_string(server.weight) + " under static load balancing");
      }
      return;
    }
    auto& phase = enters ? entering_ : server.weight > present.weight ? raising_ : lowering_;
    phase.push_back(set_weight(backend_, server.name, server.weight));
  }

  void count_entering(const ServerSpec& server) {
    if (server.enabled && server.weight > 0) ++entering_servers_;
  }

  void leave(const std::string& name, const ObservedServer& present) {
    if (!present.forced_maintenance) leaving_.push_back(set_maintenance(backend_, name));
  }

  void plan_vanished(const ObservedServer& server) {
    leave(server.name, server);
    if (capabilities_.delete_servers && can_return_live(server, traits_, capabilities_)) {
      plan_.removals.push_back(delete_server(backend_, server.name));
    }
  }

  const std::string& backend_;
  const BackendTraits& traits_;
  const ObservedBackend& observed_;
  const Capabilities& capabilities_;
  std::vector<ServerSpec> wanted_;
  std::unordered_map<std::string_view, const ObservedServer*> by_name_;
  int serving_ = 0;           // wanted servers that take connections now
  int entering_servers_ = 0;  // and those that these commands add to them

  // Phases, in the order of sending. Servers that come in are complete before their `state ready`.
  std::vector<Command> entering_, addresses_, raising_, lowering_, replacing_, leaving_;
  Plan plan_;
};

}  // namespace

Plan plan(const BackendSpec& desired, const BackendTraits& traits, const ObservedBackend* observed,
          const Capabilities& capabilities) {
  if (observed == nullptr) {
    Plan missing;
    missing.reloads.push_back({ReloadReason::backend_missing, desired.name + " is not known to HAProxy"});
    return missing;
  }
  return Planner(desired, traits, *observed, capabilities).run();
}

}  // namespace synapse::haproxy
