// Tames flapping: holds back reports that a service is available when there were too many reports of late. What says
// that it is not available always goes out at once, so that nobody is sent to a dead backend; the last report always
// goes out in the end. Owned by Service. Pure.
#pragma once

#include <optional>

#include "common/time/token_bucket.h"
#include "nerve/lifecycle/lifecycle.h"
#include "nerve/lifecycle/settings.h"

namespace nerve {

class ReportGate {
 public:
  enum class Answer {
    pass,
    pass_in_shadow,  // without the shadow mode it would have been held back
    hold,            // until due(), or until another report takes its place
  };

  // `limit`: nothing holds nothing back.
  ReportGate(const std::optional<RateLimit>& limit, TimePoint now);

  // Goes on where the gate of a predecessor ends, so that a new configuration gives no new tokens.
  void follow(const ReportGate& predecessor, TimePoint now);

  Answer ask(const Publish& report, TimePoint now);

  // When a report that is held back may be asked for again; nothing while none is held.
  std::optional<TimePoint> due() const { return due_; }

 private:
  bool shadow_ = false;
  std::optional<common::TokenBucket> bucket_;
  std::optional<TimePoint> due_;
};

}  // namespace nerve
