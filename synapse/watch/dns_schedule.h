// When to ask name servers the same question again. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

#include "common/time/backoff.h"

namespace synapse {

class DnsSchedule {
 public:
  DnsSchedule(std::chrono::milliseconds min_ttl, std::chrono::milliseconds max_ttl)
      : min_ttl_(min_ttl), max_ttl_(max_ttl) {}

  // How long to wait after an answer: its TTL within the bounds, and up to a tenth longer, so that not all hosts ask at
  // once.
  std::chrono::milliseconds after_answer(std::chrono::seconds ttl, std::mt19937& random) {
    backoff_.reset();
    const auto bounded = std::clamp(std::chrono::milliseconds(ttl), min_ttl_, max_ttl_);
    std::uniform_int_distribution<std::int64_t> spread(0, bounded.count() / 10);
    return bounded + std::chrono::milliseconds(spread(random));
  }

  std::chrono::milliseconds after_failure(std::mt19937& random) { return backoff_.next(random); }

 private:
  std::chrono::milliseconds min_ttl_;
  std::chrono::milliseconds max_ttl_;
  common::Backoff backoff_{{std::chrono::milliseconds(1'000), std::chrono::milliseconds(30'000)}};
};

}  // namespace synapse
