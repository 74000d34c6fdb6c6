#include "common/telemetry/event_log.h"

#include <algorithm>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/core.h>

namespace common {
namespace {

constexpr std::size_t kMaxReasonBytes = 500;

}  // namespace

void EventLog::add(Transition transition) {
  if (transition.reason.size() > kMaxReasonBytes) {
    transition.reason.resize(kMaxReasonBytes);
    transition.reason += "...";
  }
  transitions_.push_back(std::move(transition));
  if (transitions_.size() > capacity_) transitions_.pop_front();
}

std::vector<const Transition*> EventLog::last(std::size_t limit, std::string_view service) const {
  std::vector<const Transition*> found;
  for (auto i = transitions_.rbegin(); i != transitions_.rend() && found.size() < limit; ++i) {
    if (service.empty() || i->service == service) found.push_back(&*i);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

std::string rfc3339(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto whole = floor<seconds>(time);
  const auto ms = duration_cast<milliseconds>(time - whole).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(system_clock::to_time_t(whole)), ms);
}

}  // namespace common
