// No HAProxy at all: the file is written, and who loads it is not our business (`--oneshot`).
#pragma once

#include <cstddef>
#include <optional>

#include "synapse/haproxy/control.h"

namespace synapse::haproxy {

class NoControl : public HaproxyControl {
 public:
  boost::asio::awaitable<common::Result<void>> load() override { co_return common::Result<void>{}; }
  bool may_run() const override { return false; }
  boost::asio::awaitable<std::optional<std::size_t>> old_workers() override { co_return std::nullopt; }
  boost::asio::awaitable<void> stop(bool) override { co_return; }
};

}  // namespace synapse::haproxy
