#include "nerve/roster.h"

#include <algorithm>
#include <utility>

#include "nerve/lifecycle/drain.h"

namespace nerve {

namespace asio = boost::asio;

Roster::Roster(asio::io_context& io, Service::Makers makers, const Telemetry& telemetry, std::function<void()> on_step)
    : io_(io),
      makers_(std::move(makers)),
      telemetry_(telemetry),
      on_step_(std::move(on_step)),
      settle_(io, [this] { settle(); }),
      ending_(io) {}

Roster::Difference Roster::apply(const std::vector<ServiceConfig>& configs,
                                 const std::map<std::string, Resumed>& pasts) {
  Difference difference;
  if (stopping_) return difference;
  checks_started_ = checks_to_spread_ = 0;
  for (const auto& config : configs) checks_to_spread_ += config.checks.size();
  std::map<std::string, std::size_t> places;
  for (const auto& config : configs) {
    places.emplace(config.name, places.size());
    Service* const service = find(config.name);
    const auto successor = successors_.find(config.name);
    if (service == nullptr) {
      const auto past = pasts.find(config.name);
      add(config, past == pasts.end() ? Resumed{} : past->second);
      difference.added.push_back(config.name);
    } else if (successor != successors_.end() && successor->second->config() == config) {
      ++difference.unchanged;  // it is on its way
    } else if (service->config() == config && removed_.count(service) == 0) {
      if (successor != successors_.end()) retire(std::move(successors_.extract(successor).mapped()));
      ++difference.unchanged;
    } else {
      change(*service, config);
      difference.changed.push_back(config.name);
    }
  }
  for (const auto& service : current_) {
    if (places.count(service->name()) > 0) continue;
    auto successor = successors_.extract(service->name());
    const bool fresh = removed_.insert(service.get()).second;
    if (fresh || successor) difference.removed.push_back(service->name());
    if (successor) retire(std::move(successor.mapped()));
    if (fresh) service->stop(Service::Ending::removal);
  }
  const auto place_of = [&](const auto& service) {
    const auto place = places.find(service->name());
    return place == places.end() ? places.size() : place->second;
  };
  std::stable_sort(current_.begin(), current_.end(),
                   [&](const auto& one, const auto& other) { return place_of(one) < place_of(other); });
  settle_.set(common::Alarm::Clock::now());
  return difference;
}

std::unique_ptr<Service> Roster::make(const ServiceConfig& config) {
  return std::make_unique<Service>(io_, config, makers_, telemetry_, [this] {
    settle_.set(common::Alarm::Clock::now());
    on_step_();
  });
}

void Roster::add(const ServiceConfig& config, const Resumed& past) {
  current_.push_back(make(config));
  current_.back()->start(past);
  start_checks_of(*current_.back());
}

// With the same checks it relieves the other at once, in settle(); otherwise when its own checks have a verdict.
void Roster::change(Service& service, const ServiceConfig& config) {
  if (auto before = successors_.extract(config.name)) retire(std::move(before.mapped()));
  auto& successor = successors_[config.name] = make(config);
  if (service.config().checks != config.checks || removed_.count(&service) > 0) start_checks_of(*successor);
}

void Roster::start_checks_of(Service& service) {
  service.start_checks(checks_started_, std::max(checks_to_spread_, checks_started_ + service.check_count()));
  checks_started_ += service.check_count();
}

void Roster::settle() {
  for (auto& service : current_) relieve(service);
  // Those that are gone for good. One that is configured again keeps the place for its successor.
  const auto gone = std::stable_partition(current_.begin(), current_.end(), [this](const auto& service) {
    return stopping_ || removed_.count(service.get()) == 0 || successors_.count(service->name()) > 0 ||
           !service->stopped() || !service->confirmed();
  });
  Services leaving(std::make_move_iterator(gone), std::make_move_iterator(current_.end()));
  current_.erase(gone, current_.end());
  for (auto& service : leaving) {
    removed_.erase(service.get());
    retire(std::move(service));
  }
  // Those that left something where their successors are not.
  for (auto& service : relieved_) {
    const Service* successor = find(service->name());
    if (successor == nullptr || successor->confirmed()) service->remove_rest();
  }
  const auto done = std::stable_partition(relieved_.begin(), relieved_.end(),
                                          [](const auto& service) { return !service->rest_removed(); });
  Services ended(std::make_move_iterator(done), std::make_move_iterator(relieved_.end()));
  relieved_.erase(done, relieved_.end());
  for (auto& service : ended) retire(std::move(service));
}

// Puts the successor in the place of the service, when it is time.
bool Roster::relieve(std::unique_ptr<Service>& service) {
  const auto successor = successors_.find(service->name());
  if (stopping_ || successor == successors_.end()) return false;
  const bool removed = removed_.count(service.get()) > 0;
  const bool same_checks = !removed && successor->second->config().checks == service->config().checks;
  if (!same_checks && !successor->second->proven()) return false;
  // Somebody waits for its end, or it would not hand on what it is to find.
  if (!removed && (service->draining() || service->looking())) return false;
  auto next = std::move(successors_.extract(successor).mapped());
  if (same_checks) next->inherit_health(*service);
  next->relieve(*service, !removed);
  for (const auto& older : relieved_) {
    if (older->name() == next->name()) older->yield_to(*next);
  }
  if (same_checks) start_checks_of(*next);
  removed_.erase(service.get());
  relieved_.push_back(std::exchange(service, std::move(next)));
  return true;
}

void Roster::retire(std::unique_ptr<Service> service) {
  const auto same_series = [&](const auto& other) {
    return other->name() == service->name() && other->config().host == service->config().host &&
           other->config().port == service->config().port && !other->config().no_metrics;
  };
  const auto in = [&](const Services& services) { return std::any_of(services.begin(), services.end(), same_series); };
  const auto successor = successors_.find(service->name());
  const bool shared =
      in(current_) || in(relieved_) || (successor != successors_.end() && same_series(successor->second));
  service->end_metrics(!shared);
  service->cancel();
  const std::string name = "end of service " + service->name();
  ending_.spawn(name, end_of(std::move(service)));
}

asio::awaitable<void> Roster::end_of(std::unique_ptr<Service> service) {
  co_await service->wait();
}

Service* Roster::find(const std::string& name) const {
  const auto found =
      std::find_if(current_.begin(), current_.end(), [&](const auto& service) { return service->name() == name; });
  return found == current_.end() ? nullptr : found->get();
}

void Roster::stop(Service::Ending ending) {
  stopping_ = true;
  while (!successors_.empty()) retire(std::move(successors_.extract(successors_.begin()).mapped()));
  for (const auto& service : current_) service->stop(ending);
  // What one has left elsewhere may be all that is registered of it: the next life takes it away when it is not.
  handing_over_ = ending == Service::Ending::hand_over;
  if (handing_over_) return;
  for (const auto& service : relieved_) service->remove_rest();
}

std::chrono::milliseconds Roster::longest_drain() const {
  std::chrono::milliseconds longest{0};
  for (const auto& service : current_) {
    const auto& settings = service->config().lifecycle;
    const bool removed = removed_.count(service.get()) > 0 && !service->stopped();
    if (settings.down_on_shutdown || removed) longest = std::max(longest, nerve::longest_drain(settings));
  }
  return longest;
}

bool Roster::all_stopped() const {
  return std::all_of(current_.begin(), current_.end(), [](const auto& service) { return service->stopped(); });
}

bool Roster::all_confirmed() const {
  const auto confirmed = [](const auto& service) { return service->stopped() && service->confirmed(); };
  if (!std::all_of(current_.begin(), current_.end(), confirmed)) return false;
  return handing_over_ ||
         std::all_of(relieved_.begin(), relieved_.end(), [](const auto& service) { return service->rest_removed(); });
}

bool Roster::all_settled() const {
  return std::all_of(current_.begin(), current_.end(), [](const auto& service) {
    return service->proven() && service->acting() && service->confirmed();
  });
}

bool Roster::keeps_registrations() const {
  return std::any_of(current_.begin(), current_.end(),
                     [](const auto& service) { return service->keeps_registration(); });
}

void Roster::warn_of_unconfirmed() {
  for (const auto& service : current_) service->warn_of_unconfirmed();
  if (handing_over_) return;
  for (const auto& service : relieved_) service->warn_of_unconfirmed();
}

asio::awaitable<void> Roster::end() {
  for (const auto& service : current_) service->cancel();
  for (const auto& service : relieved_) service->cancel();
  for (const auto& service : current_) co_await service->wait();
  for (const auto& service : relieved_) co_await service->wait();
  co_await ending_.wait();
}

}  // namespace nerve
