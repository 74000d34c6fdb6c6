// What a Server asks and tells its owner. Loop thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/http/message.h"

namespace common::http {

// Why somebody was turned away. The first three are about connections.
enum class Refusal {
  full,       // all places are taken by clients that wait for a handler
  displaced,  // a silent or slow client made room for another one
  slow,       // a request did not come, or an answer was not read, in time
  malformed,
  too_large,
  foreign,       // a web page, or a host name that is not ours
  unauthorized,  // without the right token
};

struct ServerOptions {
  // Why a request that came by TCP is not answered, for whoever has sent it; nothing: it is. May be empty.
  std::function<std::optional<std::string>(const Request&)> why_foreign = {};
  // May be empty. `peer`: "127.0.0.1:4711", or "uid 1000" of a unix socket.
  std::function<void(Refusal, const std::string& peer)> on_refused = {};
};

}  // namespace common::http
