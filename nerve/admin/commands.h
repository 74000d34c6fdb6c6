// `nerve status`, `health`, `disable`, `enable` and `weight`: asks the nerve that runs, and says what came of it.
#pragma once

#include <string>

#include "common/admin/options.h"

namespace nerve {

struct AdminCommand : common::AdminOptions {
  enum class Kind { status, health, disable, enable, weight };

  Kind kind = Kind::status;
  std::string service;    // empty: all
  bool shutdown = false;  // disable: run the shutdown command, too
  bool force = false;     // enable: whatever the checks say
  int weight = 0;

  std::string token_file;  // --token-file; empty: as the configuration says
};

// 0: it is so. 1: a service is not available (status), nerve does not work as it should (health), or it refused, was
// interrupted or took longer than the timeout, or the registry has not confirmed a disable. 2: the command line, the
// configuration or the token file is wrong. 3: nerve cannot be reached. Results go to stdout, what is wrong to stderr.
[[nodiscard]] int run_admin_command(const AdminCommand& command);

// The method and the path with its query.
struct AdminRoute {
  std::string method;
  std::string path;
};
[[nodiscard]] AdminRoute route_of(const AdminCommand& command);

}  // namespace nerve
