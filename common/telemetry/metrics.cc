#include "common/telemetry/metrics.h"

#include <utility>

#include <prometheus/metric_family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "common/limits/limits.h"

namespace common {
namespace {

// Those that were never hit as well: a rate needs a zero to begin with.
prometheus::MetricFamily limit_family(const std::string& program) {
  prometheus::MetricFamily family{.name = program + "_limit_hit_total",
                                  .help = "Times that input from outside hit a bound",
                                  .type = prometheus::MetricType::Counter,
                                  .metric = {}};
  for (const auto& row : limits()) {
    if (row.in == (program == "nerve" ? In::synapse : In::nerve)) continue;
    prometheus::ClientMetric metric;
    metric.label = {{"limit", std::string(row.name)}};
    metric.counter.value = static_cast<double>(limit_hits(row.limit));
    family.metric.push_back(std::move(metric));
  }
  return family;
}

}  // namespace

Metrics::Metrics() : registry_(std::make_unique<prometheus::Registry>()) {}
Metrics::~Metrics() = default;

void Metrics::show_limits(std::string_view program) {
  program_ = program;
}

std::string Metrics::text() const {
  auto families = registry_->Collect();
  if (!program_.empty()) families.push_back(limit_family(program_));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace common
