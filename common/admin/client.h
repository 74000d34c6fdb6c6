// One request to the admin API of a running program. Blocks; for the command line, which has nothing else to do.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "common/admin/target.h"

namespace common {

struct AdminRequest {
  std::string program;  // who is asked, and asks: "nerve"
  std::string method;
  std::string path;                                  // with the query
  std::string token;                                 // empty: none is presented
  std::optional<std::chrono::milliseconds> timeout;  // for the answer; none: as long as it takes
};

struct AdminReply {
  enum class How { answered, unreachable, timed_out };
  How how = How::answered;
  int status = 0;     // when answered
  std::string body;   // when answered, at most 16 MiB
  std::string error;  // otherwise, in words
};

[[nodiscard]] AdminReply ask_admin(const AdminTarget& target, const AdminRequest& request);

}  // namespace common
