// One client's connection to the admin API, from its first request to its last.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include "common/http/places.h"
#include "common/http/routes.h"
#include "common/http/server_options.h"

namespace common::http {

// What the connections of one listener share. They keep it alive.
struct ConnectionContext {
  std::shared_ptr<const Routes> routes;
  ServerOptions options;
  Places places;
  bool ask_for_host = true;  // see ServerOptions::why_foreign
};

// Until the client or an error ends it, it has to make room, or it is cancelled.
boost::asio::awaitable<void> serve(boost::asio::generic::stream_protocol::socket socket, std::string peer,
                                   std::shared_ptr<ConnectionContext> context);

}  // namespace common::http
