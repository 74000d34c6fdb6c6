// A small language for the tests of Lifecycle: lines of time, event and the decisions in words.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "nerve/lifecycle/lifecycle.h"

namespace nerve::lifecycle_script {

inline TimePoint at(int ms) {
  return TimePoint(Milliseconds(ms));
}

inline LifecycleSettings settings() {
  LifecycleSettings settings;
  settings.record.host = "127.0.0.1";
  settings.record.port = 8080;
  settings.record.name = "web";
  settings.record.haproxy_server_options = "check";
  settings.record.labels = {{"az", "a"}};
  settings.weight = 233;
  return settings;
}

struct Words {
  std::string operator()(const Publish& decision) const {
    if (!decision.record) return "publish nothing";
    if (decision.record->available) return "publish up " + std::to_string(*decision.record->weight);
    return "publish down '" + decision.record->unavailable_reason + (decision.draining ? "', draining" : "'");
  }
  std::string operator()(const RunCommand& decision) const { return "run " + std::string(name_of(decision.kind)); }
  std::string operator()(const CancelCommand&) const { return "cancel"; }
  std::string operator()(const WarmupRestarted& decision) const {
    return decision.unstable ? "restarted: unstable" : "restarted: not reported";
  }
  std::string operator()(const WarmupOver& decision) const {
    return decision.by_deadline ? "warm by deadline" : "warm";
  }
  std::string operator()(const DisableOver& decision) const {
    switch (decision.how) {
      case DisableOver::How::done:
        return "disabled";
      case DisableOver::How::max_duration_reached:
        return "disabled at maximum";
      case DisableOver::How::interrupted:
        return "disabling interrupted";
    }
    return "";
  }
  std::string operator()(const Stopped&) const { return "stopped"; }
};

struct Line {
  int ms;
  Event event;
  std::string decisions;
};

inline const Event up = HealthChanged{{true, ""}};
inline const Event refused = HealthChanged{{false, "connection refused"}};
inline const Event taken = ReportAnswered{ReportState::taken, true};
inline const Event not_taken = ReportAnswered{ReportState::refused, false};
inline const Event deadline = DeadlineReached{};
inline const Event disable = DisableAsked{false};
inline const Event disable_with_shutdown = DisableAsked{true};
inline const Event enable = EnableAsked{false};
inline const Event force = EnableAsked{true};

inline Event ended(std::uint64_t id, bool ok) {
  return CommandEnded{id, ok};
}

// Plays the lines and compares the decisions of each.
inline void play(Lifecycle& lifecycle, const std::vector<Line>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string decisions;
    for (const Decision& decision : lifecycle.handle(lines[i].event, at(lines[i].ms))) {
      if (!decisions.empty()) decisions += ", ";
      decisions += std::visit(Words(), decision);
    }
    EXPECT_EQ(decisions, lines[i].decisions) << "line " << i << " at " << lines[i].ms << " ms";
  }
}

inline void play(const LifecycleSettings& given, const std::vector<Line>& lines) {
  Lifecycle lifecycle(given);
  play(lifecycle, lines);
}

}  // namespace nerve::lifecycle_script
