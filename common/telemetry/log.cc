#include "common/telemetry/log.h"

#include <array>
#include <memory>
#include <utility>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "common/printable.h"

namespace common::log {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::trace:
      return spdlog::level::trace;
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::critical:
      return spdlog::level::critical;
  }
  return spdlog::level::info;
}

// The level's name in capitals, padded: what an eye looks for first in a column.
class LevelName : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    static constexpr std::array names{"TRACE", "DEBUG", "INFO ", "WARN ", "ERROR", "FATAL", "OFF  "};
    const std::string_view name = names.at(static_cast<std::size_t>(message.level));
    out.append(name.data(), name.data() + name.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return spdlog::details::make_unique<LevelName>(); }
};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    formatter->add_flag<LevelName>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %* %v");
    made->set_formatter(std::move(formatter));
    return made;
  }();
  return *instance;
}

}  // namespace

bool set_level(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Level>, 8> levels{{{"trace", Level::trace},
                                                                             {"debug", Level::debug},
                                                                             {"info", Level::info},
                                                                             {"warn", Level::warn},
                                                                             {"warning", Level::warn},
                                                                             {"error", Level::error},
                                                                             {"fatal", Level::critical},
                                                                             {"panic", Level::critical}}};
  for (const auto& [known, level] : levels) {
    if (known == name) {
      logger().set_level(to_spdlog(level));
      return true;
    }
  }
  return false;
}

bool enabled(Level level) {
  return logger().should_log(to_spdlog(level));
}

void write(Level level, std::string_view message) {
  if (is_printable(message)) return logger().log(to_spdlog(level), message);
  logger().log(to_spdlog(level), printable(message));
}

}  // namespace common::log
