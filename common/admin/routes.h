// Routes that the admin APIs of both programs have. Pure.
#pragma once

#include <functional>
#include <string>

#include "common/http/routes.h"
#include "common/telemetry/event_log.h"

namespace common {

// /events[?service=NAME][&limit=N]: the last transitions as JSON, the oldest first. `part`: what a Transition's part is
// called there ("check"). The log must outlive the route.
[[nodiscard]] http::Handler events_route(const EventLog& events, std::string part);

// Always 200.
[[nodiscard]] http::Handler text_route(std::function<std::string()> text, std::string content_type);

inline constexpr auto kJsonType = "application/json";
inline constexpr auto kPlainType = "text/plain; charset=utf-8";
inline constexpr auto kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace common
