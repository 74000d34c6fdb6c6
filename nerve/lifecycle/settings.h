// What the life of one service is configured to be. Every default of these keys stands here.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/registration/registration.h"

namespace nerve {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Milliseconds = std::chrono::milliseconds;

// What an operator has asked for. disabled: not announced. forced: announced whatever the checks say.
enum class Mode { enabled, disabled, forced };
inline constexpr std::array kModes{Mode::enabled, Mode::disabled, Mode::forced};

enum class CommandKind { pre_available, check_stable, disable_shutdown, disable_grace };

// The names that the metric nerve_exec_failure_total uses.
constexpr std::string_view name_of(CommandKind kind) {
  switch (kind) {
    case CommandKind::pre_available:
      return "pre-available";
    case CommandKind::check_stable:
      return "check-stable";
    case CommandKind::disable_shutdown:
      return "disable-shutdown";
    case CommandKind::disable_grace:
      return "disable-grace";
  }
  return "";
}

struct CommandSettings {
  std::vector<std::string> argv;  // empty: there is none
  Milliseconds timeout;

  bool given() const { return !argv.empty(); }
  friend bool operator==(const CommandSettings&, const CommandSettings&) = default;
};

// A token bucket for the reports of one service; the names are those of Airbnb's rate_limiting.
struct RateLimit {
  double average_rate = 1;   // reports per second, above 0
  double max_burst = 5;      // reports, at least 1
  bool shadow_mode = false;  // only say what would be held back

  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

struct LifecycleSettings {
  // Who is announced: host, port, name, options, labels. Lifecycle fills in the rest.
  common::Registration record;
  int weight = 255;  // 1..255

  CommandSettings pre_available{{}, Milliseconds(1000)};

  CommandSettings check_stable{{}, Milliseconds(2000)};
  Milliseconds check_stable_interval{1000};  // from the end of one run to the start of the next

  Milliseconds warmup_interval{2000};
  Milliseconds warmup_max_duration{30 * 2000};

  CommandSettings disable_shutdown{{}, Milliseconds(30'000)};
  CommandSettings disable_grace{{}, Milliseconds(1000)};  // its timeout is the interval too
  Milliseconds disable_min_duration{3000};
  Milliseconds disable_max_duration{60'000};

  bool down_on_shutdown = true;

  std::optional<RateLimit> rate_limit;

  const CommandSettings& command(CommandKind kind) const {
    switch (kind) {
      case CommandKind::pre_available:
        return pre_available;
      case CommandKind::check_stable:
        return check_stable;
      case CommandKind::disable_shutdown:
        return disable_shutdown;
      case CommandKind::disable_grace:
        return disable_grace;
    }
    return pre_available;
  }
  friend bool operator==(const LifecycleSettings&, const LifecycleSettings&) = default;
};

}  // namespace nerve
