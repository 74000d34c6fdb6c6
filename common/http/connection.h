// One client's connection to the admin API, from its first request to its last.
#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include "common/http/routes.h"

namespace common::http {

// Until the client or an error ends it, or it is cancelled.
boost::asio::awaitable<void> serve(boost::asio::generic::stream_protocol::socket socket,
                                   std::shared_ptr<const Routes> routes);

}  // namespace common::http
