// What each kind of check gives to the table in kinds.cc: a function that reads its keys, and one that makes the check.
// They are declared beside the kind.
#pragma once

#include <memory>
#include <string_view>

#include "nerve/check/check.h"
#include "nerve/check/check_config.h"

namespace common {
class BlockingPool;
class ObjectReader;
class Resolver;
class Turns;
namespace http {
class Client;
}
}  // namespace common

namespace nerve {

// What the kinds share. Must outlive the checks.
struct CheckContext {
  common::Resolver& resolver;
  common::http::Client& http;
  common::BlockingPool& brokers;  // for talking to message brokers, which may hang: a thread for each at most
  common::Turns& exec_turns;      // for running programs, which cost the machine more than a question does
};

struct CheckKind {
  std::string_view name;
  // Sets config.options. The common keys are read by then; errors are recorded by the reader.
  void (*read)(common::ObjectReader& object, CheckConfig& config);
  std::unique_ptr<Check> (*make)(const CheckConfig& config, const CheckContext& context);
};

}  // namespace nerve
