// The log of both programs: one line an event on stderr, `2026-01-31T12:00:00.123Z INFO  message`. spdlog does the work
// behind this header, which stays light. Call from any thread.
#pragma once

#include <string_view>

#include <fmt/core.h>

namespace common::log {

enum class Level { trace, debug, info, warn, error, critical };

// go-nerve's names: trace, debug, info, warn (or warning), error, fatal, panic. False: unknown name, nothing changed.
bool set_level(std::string_view name);
bool enabled(Level level);
void write(Level level, std::string_view message);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::vformat(format, fmt::make_format_args(args...)));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::vformat(format, fmt::make_format_args(args...)));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warn)) write(Level::warn, fmt::vformat(format, fmt::make_format_args(args...)));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::vformat(format, fmt::make_format_args(args...)));
}

}  // namespace common::log
