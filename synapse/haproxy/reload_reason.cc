#include "synapse/haproxy/reload_reason.h"

namespace synapse::haproxy {

std::string_view to_string(ReloadReason reason) {
  switch (reason) {
    case ReloadReason::first_start:
      return "first_start";
    case ReloadReason::restarted:
      return "restarted";
    case ReloadReason::no_socket:
      return "no_socket";
    case ReloadReason::skeleton_changed:
      return "skeleton_changed";
    case ReloadReason::backend_missing:
      return "backend_missing";
    case ReloadReason::haproxy_too_old:
      return "haproxy_too_old";
    case ReloadReason::backend_not_dynamic:
      return "backend_not_dynamic";
    case ReloadReason::option_not_dynamic:
      return "option_not_dynamic";
    case ReloadReason::options_changed:
      return "options_changed";
    case ReloadReason::weight_not_live:
      return "weight_not_live";
    case ReloadReason::unusable_server:
      return "unusable_server";
    case ReloadReason::command_refused:
      return "command_refused";
    case ReloadReason::not_converging:
      return "not_converging";
    case ReloadReason::tombstones:
      return "tombstones";
  }
  return "unknown";
}

}  // namespace synapse::haproxy
