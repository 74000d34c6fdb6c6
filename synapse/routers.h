// The kinds of routers: what is made of each kind of RouterConfig. config.cc has the table of how each is read.
#pragma once

#include <cstdint>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "common/result.h"
#include "synapse/config.h"
#include "synapse/events.h"
#include "synapse/router.h"

namespace synapse {

// What every router may use; outlives it.
struct RouterSurroundings {
  boost::asio::io_context& io;
  Events& events;
  std::uint64_t seed = 0;  // makes what is random stable on this host
  bool once = false;       // files are written, and nothing else is touched: see Oneshot
};

// The error says what stands in the way, such as a directory that belongs to another synapse.
[[nodiscard]] common::Result<std::unique_ptr<Router>> make_router(const RouterConfig& config,
                                                                  const RouterSurroundings& surroundings);

}  // namespace synapse
