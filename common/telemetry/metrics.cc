#include "common/telemetry/metrics.h"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace common {

Metrics::Metrics() : registry_(std::make_unique<prometheus::Registry>()) {}
Metrics::~Metrics() = default;

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace common
