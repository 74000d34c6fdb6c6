#include "common/connect_error.h"

namespace common {

std::string describe_connect_error(const boost::system::error_code& error, const std::string& peer) {
  namespace errc = boost::system::errc;
  if (error == errc::connection_refused) return "connection refused by " + peer;
  if (error == errc::connection_reset) return "connection reset by " + peer;
  if (error == errc::timed_out) return "no answer from " + peer;
  if (error == errc::host_unreachable) return "no route to " + peer;
  if (error == errc::network_unreachable) return "no network reaches " + peer;
  return "cannot connect to " + peer + ": " + error.message();
}

}  // namespace common
