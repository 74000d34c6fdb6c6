#include "synapse/haproxy/plan.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace synapse::haproxy {

namespace {

bool in_service(const ObservedServer& server) {
  // After a load a drain is weight 0, until it is said at run time.
  const bool drained = server.forced_drain || server.draining || server.by_hand == ByHand::drain;
  return !server.forced_maintenance && !server.inherited_maintenance && !drained && !server.address.empty();
}

void append(std::vector<Command>& to, std::vector<Command>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// One plan() in the making: gathers commands by phase and joins them at the end.
class Planner {
 public:
  Planner(const BackendSpec& desired, const BackendTraits& traits, const ObservedBackend& observed,
          const Capabilities& capabilities, Moment now)
      : backend_(desired.name),
        policy_(desired.policy),
        now_(now),
        traits_(traits),
        observed_(observed),
        capabilities_(capabilities),
        wanted_(usable_servers(desired, traits.declared)) {
    by_name_.reserve(observed.servers.size());
    for (const auto& server : observed.servers) by_name_.emplace(server.name, &server);
    for (const auto& server : wanted_) {
      const auto* present = find(server.name);
      if (server.enabled && server.weight > 0 && present != nullptr && in_service(*present)) ++serving_;
    }
  }

  Plan run() {
    std::vector<bool> is_wanted(observed_.servers.size());
    for (const auto& server : wanted_) {
      const auto* present = find(server.name);
      if (present == nullptr) {
        plan_new(server);
      } else {
        is_wanted[static_cast<std::size_t>(present - observed_.servers.data())] = true;
        plan_known(server, *present);
      }
    }
    for (std::size_t i = 0; i < is_wanted.size(); ++i) {
      const auto& server = observed_.servers[i];
      if (!is_wanted[i] && !traits_.declared.contains(server.name)) plan_vanished(server);
    }
    // The reload that brings the next servers in also takes the last ones out.
    const bool nobody_else = serving_ + entering_servers_ == 0;
    if (nobody_else && !plan_.reloads.empty()) let_stay(unavailable_);
    // So does the check that lets them in. Who says that it is unavailable is taken at its word.
    if (nobody_else && (!plan_.reloads.empty() || plan_.verifying)) {
      let_stay(leaving_);
      let_stay(plan_.removals);
    }
    for (auto* phase : {&entering_, &addresses_, &raising_, &lowering_, &replacing_, &unavailable_, &leaving_}) {
      append(plan_.commands, *phase);
    }
    return std::move(plan_);
  }

 private:
  const ObservedServer* find(const std::string& name) const {
    auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }

  void let_stay(std::vector<Command>& commands) const {
    std::erase_if(commands, [this](const Command& command) { return in_service(*find(command.server.name)); });
  }

  void reload(ReloadReason reason, std::string words) {
    plan_.reloads.push_back({reason, backend_ + "/" + std::move(words)});
  }

  bool held(const ObservedServer& present) const {
    return policy_.respect_manual && present.by_hand != ByHand::nothing;
  }

  bool must_be_verified(const ObservedServer& present) const { return policy_.verified && present.check_configured; }

  // The commands that bring a server in, up to `state ready`, or to the checks that must pass before.
  common::Result<std::vector<Command>> addition(const ServerSpec& server) const {
    auto words = addition_of(server, traits_, capabilities_);
    if (!words.has_value()) return words.error();
    auto add = add_server(backend_, server, *words);
    if (!add.has_value()) return add.error();
    add->verifies = server.enabled && policy_.verified && words->check;
    std::vector<Command> commands{*add};
    // Checks are running when the first connection comes.
    if (words->check) commands.push_back(enable_health(backend_, server.name));
    if (words->agent_check) commands.push_back(enable_agent(backend_, server.name));
    if (traits_.dynamic_cookies) commands.push_back(enable_dynamic_cookie(backend_));
    if (server.enabled && !add->verifies) commands.push_back(set_ready(backend_, server.name));
    return commands;
  }

  void plan_new(const ServerSpec& server) {
    auto commands = addition(server);
    bool possible = !traits_.not_dynamic && !observed_.refused.contains(server.name) && commands.has_value();
    if (possible) {
      enter(server, *commands);
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

  // Commands of addition().
  void enter(const ServerSpec& server, std::vector<Command>& commands) {
    const bool verifies = commands.front().verifies;
    append(entering_, commands);
    if (verifies) {
      plan_.verifying = true;
    } else {
      count_entering(server);
    }
  }

  void plan_known(const ServerSpec& server, const ObservedServer& present) {
    if (held(present)) return keep_held(server, present);
    bool same_options = present.options == server.options;
    bool usable = !present.address.empty();
    bool movable = can_move(present.address, server.address);
    if ((!usable || !movable || !same_options) && replace(server, present)) return;
    if (!usable || !movable) {
      auto why = usable ? ": its unix socket is another one, or none" : " has no address in HAProxy";
      if (server.enabled) reload(ReloadReason::unusable_server, server.name + why);
      if (!server.enabled) leave(server.name, present, unavailable_);
      return;
    }
    // What is not known cannot be written either, and a next life would take what is in the file for what runs.
    if (!same_options && (server.enabled || !present.options)) {
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
    const bool verifies = std::any_of(commands->begin(), commands->end(), [](const auto& c) { return c.verifies; });
    if (!present.forced_maintenance) replacing_.push_back(set_maintenance(backend_, server.name));
    replacing_.push_back(delete_server(backend_, server.name));
    append(replacing_, *commands);
    if (verifies) {
      plan_.verifying = true;
      if (counted) --serving_;
    } else if (!counted) {
      count_entering(server);
    }
    return true;
  }

  // A person took it out of service, and will bring it back. What it will serve with is kept up to date.
  void keep_held(const ServerSpec& server, const ObservedServer& present) {
    if (present.address.empty()) return;
    keep_drained(server.name, present);  // before its weight is more than 0
    if (traits_.live_weights) converge_weight(server, present, false);
    if (moved(server, present) && can_move(present.address, server.address))
      addresses_.push_back(set_address(backend_, server.name, server.address, server.port));
    converge_checks(server.name, present);
  }

  // After a load only its weight keeps a server drained.
  void keep_drained(const std::string& name, const ObservedServer& present) {
    if (present.by_hand != ByHand::drain || present.forced_drain || present.forced_maintenance) return;
    entering_.push_back(set_drain(backend_, name));
  }

  void restore_weight(const std::string& name, int weight, std::vector<Command>& phase) {
    if (traits_.live_weights && weight != 0) phase.push_back(set_weight(backend_, name, weight));
  }

  static bool moved(const ServerSpec& server, const ObservedServer& present) {
    return !same_address(server.address, present.address) || server.port != present.port;
  }

  void converge(const ServerSpec& server, const ObservedServer& present) {
    // An agent may drain its server.
    bool enters = server.enabled &&
                  (present.forced_maintenance || present.draining || (present.forced_drain && !present.agent_enabled));
    // One that came back from its drain was checked all the time.
    const bool verifies = enters && must_be_verified(present) && !present.draining;
    converge_weight(server, present, enters);
    const bool has_moved = moved(server, present);
    if (has_moved) {
      auto& phase = enters ? entering_ : addresses_;
      phase.push_back(set_address(backend_, server.name, server.address, server.port));
      if (!enters && server.enabled && present.check_enabled) judge_new_address(server.name, phase);
    }
    converge_checks(server.name, present);
    if (verifies) {
      verify(server, present, has_moved);
    } else if (enters) {
      entering_.push_back(set_ready(backend_, server.name));
      count_entering(server);
    }
    if (!server.enabled) leave(server.name, present, unavailable_);
  }

  void converge_checks(const std::string& name, const ObservedServer& present) {
    if (present.check_configured && !present.check_enabled) entering_.push_back(enable_health(backend_, name));
    if (present.agent_configured && !present.agent_enabled) entering_.push_back(enable_agent(backend_, name));
  }

  // The check's verdict was about the old address.
  void judge_new_address(const std::string& name, std::vector<Command>& phase) {
    phase.push_back(policy_.verified ? health_down(backend_, name) : health_up(backend_, name));
  }

  // Checks rest in maintenance, but for a server that never left the one it was added in, and the last answer stays:
  // in drain, and marked as down, a server takes no connection, is checked, and a check that passes is seen.
  void verify(const ServerSpec& server, const ObservedServer& present, bool anew) {
    if (!present.unverified || anew || present.checks_rest) {
      auto drain = set_drain(backend_, server.name);
      drain.verifies = true;
      entering_.push_back(std::move(drain));
      entering_.push_back(health_down(backend_, server.name));
      plan_.verifying = true;
    } else if (present.check_passed && present.check_health > 0) {
      entering_.push_back(set_ready(backend_, server.name));
      count_entering(server);
    } else {
      plan_.verifying = true;
    }
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

  // Out of service: by way of a drain, when there is one and the server can have connections.
  // True: it is draining.
  bool leave(const std::string& name, const ObservedServer& present, std::vector<Command>& phase) {
    if (present.forced_maintenance) return false;
    const bool drains = policy_.drain.count() > 0 && !present.unverified && !present.address.empty();
    if (!drains || (present.drains_until && *present.drains_until <= now_)) {
      phase.push_back(set_maintenance(backend_, name));
      return false;
    }
    const auto until = present.drains_until.value_or(now_ + policy_.drain);
    if (!present.forced_drain || !present.drains_until) {
      auto drain = set_drain(backend_, name);
      drain.until = until;
      phase.push_back(std::move(drain));
      if (present.weight_to_restore) restore_weight(name, *present.weight_to_restore, phase);
    }
    if (!plan_.again || until < *plan_.again) plan_.again = until;
    return true;
  }

  void plan_vanished(const ObservedServer& server) {
    // For as long as a person holds it, also when it comes back meanwhile.
    if (held(server)) {
      keep_drained(server.name, server);
      if (server.weight_to_restore) restore_weight(server.name, *server.weight_to_restore, entering_);
      return;
    }
    if (leave(server.name, server, leaving_)) return;
    if (capabilities_.delete_servers && can_return_live(server, traits_, capabilities_)) {
      plan_.removals.push_back(delete_server(backend_, server.name));
    }
  }

  const std::string& backend_;
  const ServerPolicy policy_;
  const Moment now_;
  const BackendTraits& traits_;
  const ObservedBackend& observed_;
  const Capabilities& capabilities_;
  std::vector<ServerSpec> wanted_;
  std::unordered_map<std::string_view, const ObservedServer*> by_name_;
  int serving_ = 0;           // wanted servers that take connections now
  int entering_servers_ = 0;  // and those that these commands add to them

  // Phases, in the order of sending. Servers that come in are complete before their `state ready`.
  std::vector<Command> entering_, addresses_, raising_, lowering_, replacing_, unavailable_, leaving_;
  Plan plan_;
};

}  // namespace

Plan plan(const BackendSpec& desired, const BackendTraits& traits, const ObservedBackend* observed,
          const Capabilities& capabilities, Moment now) {
  if (observed == nullptr) {
    Plan missing;
    missing.reloads.push_back({ReloadReason::backend_missing, desired.name + " is not known to HAProxy"});
    return missing;
  }
  return Planner(desired, traits, *observed, capabilities, now).run();
}

}  // namespace synapse::haproxy
