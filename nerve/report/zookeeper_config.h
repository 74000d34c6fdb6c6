// The keys of a reporter of type zookeeper.
#pragma once

#include <string>

#include "common/config/reader.h"
#include "nerve/report/report_config.h"

namespace nerve {

// Errors are recorded by the reader. Reads the file of `auth.passwordFile`, so that a missing one is found at once.
[[nodiscard]] ZookeeperOptions read_zookeeper_options(common::ObjectReader& object);

// The servers in an order of their own: "b:1,a:1" and "a:1,b:1" are one ensemble. Without the chroot.
[[nodiscard]] std::string ensemble_of(const ZookeeperOptions& options);

// The path as a client without a chroot has it.
[[nodiscard]] std::string path_with_chroot(const ZookeeperOptions& options);

}  // namespace nerve
