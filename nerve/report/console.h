// The record as one JSON line on stdout, also when the service is not available.
#pragma once

#include <optional>

#include "common/registration/registration.h"
#include "common/result.h"

namespace nerve {

// A registration that goes away prints nothing.
[[nodiscard]] common::Result<void> write_to_console(const std::optional<common::Registration>& record);

}  // namespace nerve
