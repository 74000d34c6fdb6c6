// Passes when a PostgreSQL answers a query, asked through libpq's calls that do not block. libpq is loaded with the
// first such check; without it the check fails and says what to install.
#pragma once

#include <memory>
#include <string>

#include "nerve/check/dsn.h"
#include "nerve/check/sql_check.h"

namespace nerve {

class PostgresCheck : public SqlCheck {
 public:
  PostgresCheck(const CheckConfig& config, PostgresDsn dsn, common::Resolver& resolver);
  ~PostgresCheck() override;

 private:
  struct Library;
  class Connection;

  boost::asio::awaitable<Attempt> ask(std::string address) override;
  boost::asio::awaitable<Answer> query(Connection& connection);
  Answer connect_failure(const std::string& message, const std::string& address) const;

  PostgresDsn dsn_;
  std::unique_ptr<const Library> library_;
  std::string load_error_;
};

}  // namespace nerve
