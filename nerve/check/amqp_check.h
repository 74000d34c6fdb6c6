// Passes when a broker (RabbitMQ) lets us in and a message through: declares the queue, publishes "nerve" and gets it
// back; without a queue, the channel opens.
//
// The connection is opened on the loop; the rest runs over librabbitmq, which blocks, on a pool of its own: one job at
// a time for each check. A job ends at the check's timeout by itself, and at once when the check is cancelled, which
// takes its connection down. librabbitmq is loaded with the first such check; without it the check fails and says what
// to install.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/check_kind.h"
#include "nerve/check/connect.h"
#include "nerve/check/dsn.h"

namespace nerve {

struct AmqpLibrary;

class AmqpCheck : public Check {
 public:
  AmqpCheck(const CheckConfig& config, AmqpUrl url, const CheckContext& context);
  ~AmqpCheck() override;

  boost::asio::awaitable<Answer> run() override;
  std::string target() const override;

 private:
  struct Job;
  struct End;

  ConnectTarget target_;
  AmqpUrl url_;
  std::string queue_;
  std::chrono::milliseconds timeout_;
  CheckContext context_;
  std::shared_ptr<const AmqpLibrary> library_;  // shared with jobs, which may outlive the check for a moment
  std::string load_error_;
  std::shared_ptr<End> last_;  // of the latest job
};

void read_amqp(common::ObjectReader& object, CheckConfig& config);
std::unique_ptr<Check> make_amqp(const CheckConfig& config, const CheckContext& context);

}  // namespace nerve
