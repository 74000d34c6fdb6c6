// What synapse's admin API answers, for a person to read. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace synapse {

// Text to print, and whether all is as it should be.
struct Shown {
  std::string text;
  bool good = true;
};

// Of the body of /services: a line for each service. Good: every one is ready and has a server in. `colours`: the
// states in colour, for a terminal. An error when the body is nothing of the kind.
[[nodiscard]] common::Result<Shown> services_table(std::string_view body, bool colours);

// The same for services whose servers are in the body: a paragraph and a table of servers for each.
[[nodiscard]] common::Result<Shown> servers_table(std::string_view body, bool colours);

// Of the body of /diff. Good: there is none.
[[nodiscard]] common::Result<Shown> differences_table(std::string_view body);

// Of the body of /explain. Good: the server is in, for every router that has the service.
[[nodiscard]] common::Result<Shown> explained(std::string_view body);

}  // namespace synapse
