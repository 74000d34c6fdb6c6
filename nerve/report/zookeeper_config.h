// The keys of a reporter of type zookeeper.
#pragma once

#include "common/config/reader.h"
#include "nerve/report/report_config.h"

namespace nerve {

// Errors are recorded by the reader. Reads the file of `auth.passwordFile`, so that a missing one is found at once.
[[nodiscard]] ZookeeperOptions read_zookeeper_options(common::ObjectReader& object);

}  // namespace nerve
