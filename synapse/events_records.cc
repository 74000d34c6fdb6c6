#include <utility>

#include "common/limits/limits.h"
#include "common/telemetry/log.h"
#include "synapse/events_families.h"

namespace synapse {

namespace log = common::log;

namespace {

// Whoever may register chooses how many there are.
constexpr std::size_t kMostTold = 1'000;

}  // namespace

void Events::record_left_out(const ServiceName& name, const std::string& child, const std::string& reason) {
  auto& told = service(name).left_out;
  const auto known = told.find(child);
  if (known != told.end() && known->second == reason) return;
  if (known == told.end() && told.size() >= kMostTold) return common::limit_hit(common::Limit::told_troubles);
  told[child] = reason;
  families_->left_out.Add({{"service", name.service}}).Increment();
  record(name, "record", child, "", "left out", reason);
  log::warn("{}: {} is left out: {}", name.service, child, reason);
}

void Events::record_accepted(const ServiceName& name, const std::string& child) {
  auto& told = service(name).left_out;
  if (told.empty() || told.erase(child) == 0) return;
  record(name, "record", child, "left out", "in order", "");
  log::info("{}: record {} is in order again", name.service, child);
}

void Events::records_left_out_are(const ServiceName& name, const std::set<std::string>& children) {
  std::erase_if(service(name).left_out, [&](const auto& told) { return !children.contains(told.first); });
}

}  // namespace synapse
