// The services of this process: those that run, their successors that are still proving themselves, and those on their
// way out. Takes a whole configuration and goes there by difference: an unchanged service is not touched, a changed one
// is relieved without a gap by a new one whose checks have a verdict, a removed one is drained. Owned by App. Loop
// thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "common/config/config_difference.h"
#include "common/runtime/alarm.h"
#include "common/runtime/task_group.h"
#include "nerve/config.h"
#include "nerve/service.h"

namespace nerve {

class Roster {
 public:
  using Difference = common::ConfigDifference;

  // `on_step`: something that the owner may wait for, or save, may have changed.
  Roster(boost::asio::io_context& io, Service::Makers makers, const Telemetry& telemetry,
         std::function<void()> on_step);

  // `pasts`: what is known, by name, of an earlier life of the services that are new.
  Difference apply(const std::vector<ServiceConfig>& configs, const std::map<std::string, Resumed>& pasts = {});

  // What operators see. The reference stays valid, its content changes with the configuration.
  Services& services() { return current_; }
  const Services& services() const { return current_; }

  void stop(Service::Ending ending);
  std::chrono::milliseconds longest_drain() const;
  bool all_stopped() const;
  // Every registration that is to go is gone, and every other one says what it shall say.
  bool all_confirmed() const;
  bool keeps_registrations() const;
  // Every service has said what it has to say, and its reporters have taken it.
  bool all_settled() const;
  // Names what all_confirmed() waits for.
  void warn_of_unconfirmed();

  // Ends all checks and commands; returns when they have ended.
  boost::asio::awaitable<void> end();

 private:
  std::unique_ptr<Service> make(const ServiceConfig& config);
  void add(const ServiceConfig& config, const Resumed& past);
  void change(Service& service, const ServiceConfig& config);
  void settle();
  bool relieve(std::unique_ptr<Service>& service);
  void retire(std::unique_ptr<Service> service);
  boost::asio::awaitable<void> end_of(std::unique_ptr<Service> service);
  Service* find(const std::string& name) const;
  void start_checks_of(Service& service);

  boost::asio::io_context& io_;
  const Service::Makers makers_;
  const Telemetry telemetry_;
  const std::function<void()> on_step_;
  common::Alarm settle_;
  Services current_;
  std::map<std::string, std::unique_ptr<Service>> successors_;  // by name, while they prove themselves
  std::set<const Service*> removed_;                            // of the current ones: they drain, then go
  Services relieved_;                                           // wait until their successors are registered
  bool stopping_ = false;
  bool handing_over_ = false;
  std::size_t checks_to_spread_ = 0;
  std::size_t checks_started_ = 0;
  common::TaskGroup ending_;
};

}  // namespace nerve
