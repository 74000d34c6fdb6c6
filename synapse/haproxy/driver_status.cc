// The part of the driver that tells how things stand.
#include <algorithm>

#include "synapse/haproxy/driver.h"
#include "synapse/haproxy/output.h"

namespace synapse::haproxy {

namespace {

// Everything that a step waits for has a deadline of its own, and all together stay well below this.
constexpr std::chrono::seconds kLongestStep{60};

std::string words_of(const ReloadNeed& need) {
  return "a reload is due, " + std::string(to_string(need.reason)) + ": " + need.words;
}

}  // namespace

std::map<std::string, KnownService> Driver::known() const {
  std::map<std::string, KnownService> known;
  for (const auto& service : services_) {
    known.emplace(service->wanted.service,
                  KnownService{.servers = service->wanted.servers, .ever_available = service->ever_available});
  }
  return known;
}

OutputState Driver::output(const std::string& name) const {
  const auto* service = find(name);
  if (service == nullptr) return {.unknown = "it is not configured"};
  const auto wanted = usable_servers(service->wanted, service->traits.declared);
  if (!has_socket()) return output_of_file(*service, wanted);
  const auto found = running_.state.backends.find(running_name(name));
  const auto* observed = attached_ && found != running_.state.backends.end() ? &found->second : nullptr;
  auto output = output_of(wanted, service->traits.declared, observed);
  if (!attached_) {
    output.unknown = started_ ? "HAProxy is away" : "HAProxy was not reached yet";
    if (!end_.empty()) output.unknown += ": " + end_;
  }
  tell_reloads(*service, output);
  return output;
}

// What HAProxy makes of the file, nobody can be asked.
OutputState Driver::output_of_file(const Service& service, const std::vector<ServerSpec>& wanted) const {
  OutputState output;
  output.wanted = output_servers(wanted);
  if (const auto file = read_rendered(file_.text())) {
    const auto name = file_names_.find(service.wanted.service);
    const auto found = file->servers.find(name == file_names_.end() ? service.wanted.name : name->second);
    if (found != file->servers.end()) output.present = output_servers(found->second);
  }
  tell_reloads(service, output);
  return output;
}

void Driver::tell_reloads(const Service& service, OutputState& output) const {
  if (!refused_text_.empty()) {
    output.waiting.push_back("HAProxy refuses the configuration, kept as " + config_.config_path + ".rejected");
  }
  const std::string own = service.wanted.service + ": ";
  for (const auto& need : reloads_) {
    const bool of_all = need.reason == ReloadReason::skeleton_changed || need.reason == ReloadReason::no_socket;
    if (of_all || need.words.starts_with(own)) output.waiting.push_back(words_of(need));
  }
  if (!reloads_.empty() && would_empty_a_service()) {
    output.waiting.emplace_back("the reload waits until the sources of all services have spoken");
  }
}

std::string Driver::stalled(Clock::time_point now) const {
  const auto limit = kLongestStep + config_.reload_timeout;
  if (step_began_ && now - *step_began_ > limit) return "the driver of " + config_.config_path + " hangs";
  if (busy_ && now - busy_since_ > limit) return "a load of " + config_.config_path + " hangs";
  return "";
}

}  // namespace synapse::haproxy
