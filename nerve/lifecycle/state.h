// What a service's state is called, for people and for what they write to read it.
#pragma once

#include <string_view>

#include "nerve/lifecycle/settings.h"

namespace nerve {

// What the world has been told about a service. unknown: nothing yet. draining: a disable is under way. removed: nerve
// has stopped, and the registration is gone.
enum class State { unknown, available, unavailable, draining, disabled, removed };

constexpr std::string_view name_of(State state) {
  switch (state) {
    case State::unknown:
      return "unknown";
    case State::available:
      return "available";
    case State::unavailable:
      return "unavailable";
    case State::draining:
      return "draining";
    case State::disabled:
      return "disabled";
    case State::removed:
      return "removed";
  }
  return "";
}

// As go-nerve's API says it.
constexpr std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::enabled:
      return "enabled";
    case Mode::disabled:
      return "disabled";
    case Mode::forced:
      return "forced";
  }
  return "";
}

}  // namespace nerve
