// Why a change cannot be made through the runtime socket. The names are values of a metric's label, so the set is
// closed.
#pragma once

#include <string>
#include <string_view>

namespace synapse::haproxy {

enum class ReloadReason {
  first_start,          // the driver's: HAProxy has no configuration of ours yet
  restarted,            // the driver's: HAProxy had ended, or did not answer
  no_socket,            // the driver's: no runtime socket is configured
  skeleton_changed,     // the driver's: something other than server lines is different (fingerprints differ)
  backend_missing,      // HAProxy does not know the backend
  haproxy_too_old,      // this version cannot take servers at run time
  backend_not_dynamic,  // the backend's balance, mode or options exclude servers added at run time
  option_not_dynamic,   // a word of the server or of default-server is refused at run time
  options_changed,      // the words of a running server changed, and it cannot be replaced live
  weight_not_live,      // static load balancing only takes 0 and the weight from the file
  unusable_server,      // the server has no address in HAProxy, or a unix socket comes or goes; not repaired live
  command_refused,      // HAProxy refused a command that should have worked
  not_converging,       // the driver's: planning again and again did not reach the wanted state
  tombstones,           // the driver's: too many servers that went away are still held
};

// The metric's label value: the enumerator's name.
[[nodiscard]] std::string_view to_string(ReloadReason reason);

struct ReloadNeed {
  ReloadReason reason;
  std::string words;  // for the log: which server, which word, what HAProxy said

  friend bool operator==(const ReloadNeed&, const ReloadNeed&) = default;
};

}  // namespace synapse::haproxy
