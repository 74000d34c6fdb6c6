#include "nerve/lifecycle/report_gate.h"

namespace nerve {

ReportGate::ReportGate(const std::optional<RateLimit>& limit, TimePoint now) {
  if (!limit) return;
  shadow_ = limit->shadow_mode;
  bucket_.emplace(limit->average_rate, limit->max_burst, now);
}

void ReportGate::follow(const ReportGate& predecessor, TimePoint now) {
  if (bucket_ && predecessor.bucket_) bucket_->follow(*predecessor.bucket_, now);
}

ReportGate::Answer ReportGate::ask(const Publish& report, TimePoint now) {
  due_.reset();
  if (!bucket_ || bucket_->take(now)) return Answer::pass;
  if (!report.record || !report.record->available) return Answer::pass;
  if (shadow_) return Answer::pass_in_shadow;
  due_ = bucket_->next(now);
  return Answer::hold;
}

}  // namespace nerve
