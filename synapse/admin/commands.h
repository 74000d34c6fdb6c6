// `synapse status`, `explain`, `diff`, `health` and `ready`: asks the synapse that runs, and shows what it says.
#pragma once

#include <string>

#include "common/admin/options.h"

namespace synapse {

struct AdminCommand : common::AdminOptions {
  enum class Kind { status, explain, diff, health, ready };

  Kind kind = Kind::status;
  std::string service;  // status: empty: all
  std::string server;   // explain: a server's name, its record, or its address
};

// 0: it is so. 1: a service is not ready or has no server in (status), the server is out (explain), there are
// differences (diff), it does not work as it should (health), a service was never routed (ready), or synapse knows no
// such service. 2: the command line or the configuration is wrong. 3: synapse
// cannot be reached. Results go to stdout, what is wrong to stderr.
[[nodiscard]] int run_admin_command(const AdminCommand& command);

// The path with its query.
[[nodiscard]] std::string path_of(const AdminCommand& command);

}  // namespace synapse
