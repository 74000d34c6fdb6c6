// Passes when a database answers a query. The driver says which database; each is a class of its own, over its client
// library's calls that do not block.
#pragma once

#include <memory>
#include <string>

#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/check_kind.h"

namespace nerve {

class SqlCheck : public Check {
 public:
  boost::asio::awaitable<Answer> run() override;
  std::string target() const override;

 protected:
  // Where the database is: host and port, or the path of a unix socket.
  struct Place {
    std::string host;
    int port = 0;
    std::string socket_path;
  };
  struct Attempt {
    bool connected = false;  // or it said why it does not want us: no other address has to be tried
    Answer answer;
  };

  SqlCheck(const CheckConfig& config, Place place, common::Resolver& resolver);

  // `address`: an IP address of the host; empty for a unix socket.
  virtual boost::asio::awaitable<Attempt> ask(std::string address) = 0;

  const Place& place() const { return place_; }
  const std::string& request() const { return options_.request; }
  // "127.0.0.1:3306" or the path: what connection errors name.
  std::string where(const std::string& address) const;
  // A failure in the server's words.
  Answer refusal(std::string_view words) const;

 private:
  SqlOptions options_;
  Place place_;
  bool prefer_ipv4_;
  common::Resolver& resolver_;
};

void read_sql(common::ObjectReader& object, CheckConfig& config);
std::unique_ptr<Check> make_sql(const CheckConfig& config, const CheckContext& context);

}  // namespace nerve
