// The kinds of checks: one line each in the table of kinds.cc, with how to read its keys and how to make it.
#pragma once

#include <memory>

#include "common/config/reader.h"
#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/check_kind.h"

namespace nerve {

// One entry of `checks`. `service` gives the defaults: type, host, port and prefer_ipv4. Errors are recorded by the
// reader; what is returned is then of no use.
[[nodiscard]] CheckConfig read_check(const common::Reader& reader, const CheckConfig& service);

[[nodiscard]] std::unique_ptr<Check> make_check(const CheckConfig& config, const CheckContext& context);

}  // namespace nerve
