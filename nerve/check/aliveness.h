// RabbitMQ's aliveness test: its management plugin declares a queue, publishes a message and gets it back. Pure.
#pragma once

#include <string>
#include <string_view>

namespace nerve {

// "/api/aliveness-test/%2F"
[[nodiscard]] std::string aliveness_path(std::string_view vhost);

// Why the broker does not count as alive, in its own words; empty when it does.
[[nodiscard]] std::string aliveness_objection(int status, std::string_view body, const std::string& target);

}  // namespace nerve
