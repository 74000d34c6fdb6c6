// Records as Finagle's and Aurora's server sets have them:
//   {"serviceEndpoint":{"host":"10.0.0.1","port":80},"additionalEndpoints":{"admin":{"host":"10.0.0.1","port":81}},
//    "status":"ALIVE","shard":3}
// Only this room uses it. Pure.
#pragma once

#include <string_view>

#include "common/registration/fields.h"
#include "common/result.h"

namespace common {

// It has a service endpoint and is no record of nerve's.
[[nodiscard]] bool is_serverset(const RecordFields& fields);

// The same as the fields of nerve's records, which are then judged as those are: the host and the port of the endpoint
// (without a name: the service endpoint), unavailable unless the status is ALIVE or missing, the shard as the label
// "shard". There is no name: it becomes host:port.
[[nodiscard]] Result<RecordFields> flatten_serverset(const RecordFields& fields, std::string_view endpoint_name);

}  // namespace common
