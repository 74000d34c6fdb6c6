// What a source says of one server. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "common/registration/registration.h"
#include "common/result.h"

namespace synapse {

// One entry of a source (a child of the service's path, an item of a list), decoded once by the watcher.
struct Record {
  std::string child;
  common::Result<common::Registration> registration;  // or why it cannot be used
  std::int64_t created_ms = 0;                        // of the znode, since 1970
  std::int64_t created_zxid = 0;
  std::int64_t modified_ms = 0;  // when the record was written, since 1970
  // The path of a unix socket, which takes the place of host and port. Only what this machine's operator wrote has one:
  // nothing that comes over the network may fill it.
  std::string socket = {};
  std::string claimed_name = {};  // what one that cannot be used calls itself; empty: not known

  friend bool operator==(const Record&, const Record&) = default;
};

}  // namespace synapse
