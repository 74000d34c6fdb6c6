// The words for what goes wrong between synapse and HAProxy: what it is, and what an operator can do about it. Every
// message about the process, its socket or its file gets them here. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "synapse/haproxy/capabilities.h"

namespace synapse::haproxy {

// The runtime socket cannot be connected to; `error` is the system's number.
[[nodiscard]] std::string cannot_connect(const std::string& socket, int error);

// What a reply on the socket says when the socket's level does not allow the command; nothing for any other reply.
[[nodiscard]] std::optional<std::string> level_too_low(const std::string& socket, std::string_view reply);

// The same of the first such reply.
[[nodiscard]] std::optional<std::string> denied_by(const std::string& socket, const std::vector<std::string>& replies);

// What HAProxy said while it read its configuration or started, or the system when it was to be started, with what can
// be done behind it where that is known: a port that is taken, a right that is missing, a keyword that it does not
// know.
[[nodiscard]] std::string with_advice(const std::string& words);

// A version that this project does not support.
[[nodiscard]] std::optional<std::string> too_old(const Version& version);

}  // namespace synapse::haproxy
