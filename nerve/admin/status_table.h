// What the admin API answers, for a person to read. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace nerve {

// Of the body of /status or of /services/:name/status: aligned columns, a line for each service; when it is one alone,
// its checks and reporters below. Control characters become '?', an empty cell "-". `colours`: the states in colour,
// for a terminal. An error when the body is nothing of the kind.
[[nodiscard]] common::Result<std::string> status_table(std::string_view body, bool colours);

// Every reporter of every service has taken its last report.
[[nodiscard]] bool all_confirmed(std::string_view body);

}  // namespace nerve
