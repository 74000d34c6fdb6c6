// Host names to addresses without blocking the loop. One lookup per name at a time, however many ask; an answer
// serves for some seconds, and the last good one for as long as the name server is away. Loop thread
// only.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>

#include "common/result.h"
#include "common/runtime/blocking_pool.h"

namespace common {

class Resolver {
 public:
  using Addresses = std::vector<boost::asio::ip::address>;

  explicit Resolver(boost::asio::io_context& io);
  ~Resolver();  // waits for the lookups under way, see busy()

  // An IP address is its own answer, at once. The order is the system's, with IPv4 first when preferred; never empty.
  boost::asio::awaitable<Result<Addresses>> resolve(std::string host, bool prefer_ipv4);

  // A lookup is under way. It cannot be interrupted and may take half a minute when no name server answers.
  bool busy() const;

 private:
  struct Entry;

  void start_lookup(const std::string& host, const std::shared_ptr<Entry>& entry);

  boost::asio::io_context& io_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  BlockingPool pool_;
};

}  // namespace common
