// What the amqp check says to a broker over one connection. It blocks: on a thread of a pool only.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/result.h"
#include "nerve/check/dsn.h"

namespace nerve {

// librabbitmq's functions. Its headers stay out of this one.
struct AmqpLibrary;

// The error names the package to install.
[[nodiscard]] common::Result<std::shared_ptr<const AmqpLibrary>> load_amqp_library();

// Logs in, opens a channel, and sends a message through the queue unless it has no name. Takes the connected `socket`
// and closes it. Ends at the deadline, and soon after the socket was shut down by somebody else. Nothing when all went
// well, else why not, in the broker's own words if there are any.
[[nodiscard]] std::string hold_amqp_conversation(const AmqpLibrary& library, int socket, const AmqpUrl& url,
                                                 const std::string& queue,
                                                 std::chrono::steady_clock::time_point deadline);

}  // namespace nerve
