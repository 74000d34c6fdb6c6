// Host names to addresses without blocking the loop. One lookup per name at a time, however many ask; an answer
// serves for some seconds, after that while the next lookup is under way, and the last good one for as long as the name
// server is away or hangs. Loop thread only.
#pragma once

#include <chrono>
#include <functional>
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
  // May block; called on several threads at once.
  using LookUp = std::function<Result<Addresses>(const std::string& host)>;

  // The system's resolver: /etc/hosts, name servers and whatever else nsswitch.conf names.
  explicit Resolver(boost::asio::io_context& io);
  Resolver(boost::asio::io_context& io, LookUp look_up, std::chrono::steady_clock::duration answer_serves_for);
  ~Resolver();  // waits for the lookups under way, see busy()

  // An IP address is its own answer, at once. The order is the system's, with IPv4 first when preferred; never empty.
  // Waits only as long as there is no good answer: an old one is given at once, and a lookup renews it. Of many
  // thousands of names the answer that is oldest is forgotten; when all of them are being looked up, more are an error.
  boost::asio::awaitable<Result<Addresses>> resolve(std::string host, bool prefer_ipv4);

  // The same, but waits for a lookup in any case: for who asks seldom and must learn of changes. The last good answer
  // when that lookup fails.
  boost::asio::awaitable<Result<Addresses>> resolve_anew(std::string host, bool prefer_ipv4);

  // A lookup is under way. It cannot be interrupted and may take half a minute when no name server answers.
  bool busy() const;

 private:
  struct Entry;
  enum class Wish { quick, new_answer };

  boost::asio::awaitable<Result<Addresses>> answer(std::string host, bool prefer_ipv4, Wish wish);
  std::shared_ptr<Entry> entry_of(const std::string& host);
  bool forget_oldest();
  void start_lookup(const std::string& host, const std::shared_ptr<Entry>& entry);

  boost::asio::io_context& io_;
  const LookUp look_up_;
  const std::chrono::steady_clock::duration answer_serves_for_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  BlockingPool pool_;
  BlockingPool doubtful_pool_;  // for names that could not be resolved the last time, which may hang again
};

}  // namespace common
