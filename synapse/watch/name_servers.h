// Asks name servers through glibc's resolver, which blocks: on threads of its own for each set of name servers, so that
// those that do not answer hold up nobody who asks others. Owned by App; loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/runtime/blocking_pool.h"
#include "synapse/watch/dns_lookup.h"

namespace synapse {

class NameServers {
 public:
  explicit NameServers(boost::asio::io_context& io) : io_(io) {}

  // `servers`: "address:port"; none: those of /etc/resolv.conf, which is read each time. `done` is called on the loop,
  // half a minute later at most when nobody answers and no others wait, and not any more when this is gone.
  void look_up(const std::vector<std::string>& servers, const DnsQuestion& question,
               std::function<void(const common::Result<DnsServers>&)> done);

  bool busy() const;  // see BlockingPool

 private:
  boost::asio::io_context& io_;
  std::map<std::vector<std::string>, std::unique_ptr<common::BlockingPool>> pools_;
};

}  // namespace synapse
