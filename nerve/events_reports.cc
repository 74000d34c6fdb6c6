// What is told of a service's reports and of those who take them.
#include <algorithm>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "common/registration/validate.h"
#include "common/telemetry/log.h"
#include "nerve/events.h"
#include "nerve/lifecycle/state.h"

namespace nerve {

namespace log = common::log;

void ServiceEvents::published(const std::optional<common::Registration>& record) {
  const bool up = record && record->available;
  if (available_ != nullptr) available_->Set(up ? *record->weight : 0);
  for (auto* gauge : confirmed_) gauge->Set(0);
  std::fill(taken_.begin(), taken_.end(), false);
  const std::string told = std::exchange(told_reason_, record && !up ? record->unavailable_reason : "");
  if (!record) {
    log::info("{}: removing the registration", prefix_);
  } else if (!up) {
    // The end of a drain is told on its own.
    if (told != record->unavailable_reason) log::info("{}: not available: {}", prefix_, record->unavailable_reason);
  } else if (!announced_) {
    log::info("{}: available, announcing {} with weight {}", prefix_, common::host_port(record->host, record->port),
              *record->weight);
  } else {
    log::debug("{}: weight {}", prefix_, *record->weight);
  }
  announced_ = up;
  if (!up) std::fill(told_confirmed_.begin(), told_confirmed_.end(), false);
}

// They share a gauge.
bool ServiceEvents::taken_by_all_of(const std::string& type) const {
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    if (!taken_[i] && subject_.reporter_types[i] == type) return false;
  }
  return true;
}

void ServiceEvents::report_taken(std::size_t reporter) {
  const auto& type = subject_.reporter_types[reporter];
  taken_[reporter] = true;
  if (subject_.with_metrics && taken_by_all_of(type)) confirmed_[reporter]->Set(1);
  if (announced_ && !told_confirmed_[reporter]) {
    told_confirmed_[reporter] = true;
    log::info("{}: reporter {} has confirmed that it is announced", prefix_, type);
  } else {
    log::debug("{}: reporter {} took the report", prefix_, type);
  }
  if (const int failures = report_errors_[reporter].over(); failures > 0) {
    log::info("{}: reporter {} works again after {} failures", prefix_, type, failures);
  }
}

void ServiceEvents::report_failed(std::size_t reporter, const std::string& error) {
  taken_[reporter] = false;
  if (subject_.with_metrics) {
    report_failures_[reporter]->Increment();
    confirmed_[reporter]->Set(0);
  }
  const auto& type = subject_.reporter_types[reporter];
  if (report_errors_[reporter].failed()) {
    log::error("{}: reporter {} failed: {}; trying again until it works", prefix_, type, error);
  } else {
    log::debug("{}: reporter {} failed again: {}", prefix_, type, error);
  }
}

void ServiceEvents::report_notice(std::size_t reporter, const std::string& what) {
  log::info("{}: reporter {}: {}", prefix_, subject_.reporter_types[reporter], what);
}

void ServiceEvents::report_trouble(std::size_t reporter, const std::string& what) {
  log::warn("{}: reporter {}: {}", prefix_, subject_.reporter_types[reporter], what);
}

void ServiceEvents::report_held(bool shadow) {
  if (rate_limited_ != nullptr) rate_limited_->Increment();
  log::warn("{}: reports change too often: {}", prefix_,
            shadow ? "the rate limit would hold this one back (shadow mode)" : "the rate limit holds back the next");
}

void ServiceEvents::resumed(const Resumed& past) {
  log::info("{}: goes on where its earlier life ended: {}{}", prefix_, name_of(past.mode),
            past.announced_weight > 0 ? ", announced with weight " + std::to_string(past.announced_weight) : "");
}

void ServiceEvents::not_deregistered(std::size_t reporter) {
  log::warn("{}: reporter {} did not confirm that the registration is gone", prefix_,
            subject_.reporter_types[reporter]);
}

}  // namespace nerve
