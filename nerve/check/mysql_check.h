// Passes when a MariaDB or MySQL answers a query, asked through libmariadb's calls that do not block. libmariadb is
// loaded with the first such check; without it the check fails and says what to install.
#pragma once

#include <memory>
#include <string>

#include "nerve/check/dsn.h"
#include "nerve/check/sql_check.h"

namespace nerve {

class MysqlCheck : public SqlCheck {
 public:
  MysqlCheck(const CheckConfig& config, MysqlDsn dsn, common::Resolver& resolver);
  ~MysqlCheck() override;

 private:
  struct Library;
  class Connection;

  boost::asio::awaitable<Attempt> ask(std::string address) override;
  Answer connect_failure(const Connection& connection, const std::string& address) const;

  MysqlDsn dsn_;
  std::string init_command_;
  std::unique_ptr<const Library> library_;
  std::string load_error_;
};

}  // namespace nerve
