// The record in a file of this machine.
#pragma once

#include <optional>

#include "common/registration/registration.h"
#include "common/result.h"
#include "nerve/report/report_config.h"

namespace nerve {

// append: one JSON line more for each report. Not append: the file is the record, and empty while the service is not
// available. A reader never sees half of it, unless the path is a pipe or a device, which is written to as it is.
[[nodiscard]] common::Result<void> write_to_file(const FileOptions& options,
                                                 const std::optional<common::Registration>& record);

}  // namespace nerve
