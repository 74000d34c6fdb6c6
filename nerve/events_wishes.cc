// What is told of a service's warm-up, and of what operators ask of it.
#include "common/telemetry/log.h"
#include "nerve/events.h"

namespace nerve {

namespace log = common::log;

void ServiceEvents::warmup_restarted(bool unstable) {
  log::warn("{}: warm-up starts again: {}", prefix_,
            unstable ? "the check-stable command failed" : "no reporter took the report");
}

void ServiceEvents::warmup_over(bool by_deadline, int weight) {
  if (by_deadline) {
    log::warn("{}: warm-up took its maximum duration; announced with the full weight {} now", prefix_, weight);
  } else {
    log::info("{}: warm-up is over, announced with weight {}", prefix_, weight);
  }
}

void ServiceEvents::disable_asked(bool shutdown) {
  mode_reason_ = shutdown ? "asked for by an operator, for a shutdown" : "asked for by an operator";
  log::info("{}: disabling{}", prefix_, shutdown ? " for a shutdown" : "");
}

void ServiceEvents::disable_over(DisableOver::How how, bool confirmed) {
  switch (how) {
    case DisableOver::How::done:
      if (confirmed) {
        log::info("{}: disabled; it may be stopped now", prefix_);
      } else {
        log::warn("{}: disabled, but not every reporter has confirmed it; consumers may still come", prefix_);
      }
      return;
    case DisableOver::How::max_duration_reached:
      log::warn("{}: disabled, but the disable-grace command did not succeed within the maximum duration", prefix_);
      return;
    case DisableOver::How::interrupted:
      log::info("{}: disabling was interrupted", prefix_);
      return;
  }
}

void ServiceEvents::enable_asked(bool force) {
  mode_reason_ = force ? "asked for by an operator, whatever the checks say" : "asked for by an operator";
  log::info("{}: enabling{}", prefix_, force ? ", whatever the checks say" : "");
}

void ServiceEvents::weight_asked(int weight) {
  log::info("{}: full weight set to {}", prefix_, weight);
}

void ServiceEvents::stop_asked() {
  mode_reason_ = "nerve is stopping";
}

}  // namespace nerve
