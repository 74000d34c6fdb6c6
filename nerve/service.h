// One service at run time: runs its checks, feeds their answers through the health and lifecycle rooms, and carries out
// what those decide: tells the reporters, runs the commands, answers whoever waits for a disable. Holds no policy of
// its own. It may be the successor of another Service of the same name, which it relieves without a gap. Owned by
// Roster. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/runtime/alarm.h"
#include "common/runtime/task_group.h"
#include "nerve/announcer.h"
#include "nerve/check/check_runner.h"
#include "nerve/check/kinds.h"
#include "nerve/config.h"
#include "nerve/events.h"
#include "nerve/health/service_health.h"
#include "nerve/lifecycle/lifecycle.h"

namespace nerve {

struct CheckStatus {
  std::string type;
  std::string target;
  std::optional<bool> up;  // nothing before the first verdict
  std::string reason;      // why the last run failed; empty when it passed
  std::optional<CheckRunner::Duration> last_latency;
};

struct ServiceStatus {
  std::string name;
  std::string host;
  int port = 0;
  Lifecycle::Mode mode = Lifecycle::Mode::enabled;
  int max_weight = 0;
  int current_weight = 0;
  bool available = false;
  State state = State::unknown;
  std::string reason;  // why it is not available
  std::vector<CheckStatus> checks;
  std::vector<ReporterStatus> reporters;
};

class Service {
 public:
  // How a check and a reporter are made: from the tables of kinds, or by a test.
  struct Makers {
    std::function<std::unique_ptr<Check>(const CheckConfig& config)> check;
    Announcer::MakeReporter reporter;
  };
  // Called once, on the loop: false when an enable interrupted the disabling.
  using OnDisabled = std::function<void(bool done)>;

  // How a service ends. removal: it is disabled, then its registration is removed. shutdown: the same, unless it is
  // configured to leave the registration to the next life. now: the registration is removed without waiting for what is
  // under way. hand_over: the registration is left to the next life.
  enum class Ending { removal, shutdown, now, hand_over };

  // `on_step`: something may have changed that the owner waits for; called on the loop, from within the calls below,
  // too. Passive until start() or relieve().
  Service(
      boost::asio::io_context& io, const ServiceConfig& config, const Makers& makers, const Telemetry& telemetry,
      std::function<void()> on_step = [] {});

  // The checks of this service are number `first_check` and following of the process's `all_checks`.
  void start_checks(std::size_t first_check, std::size_t all_checks);

  // Begins to act: as soon as the reporters know what an earlier life has left, or a second later. `past`: what else is
  // known of that life.
  void start(const Resumed& past = {});

  // Its checks have a verdict, so that it may relieve its predecessor.
  bool proven() const { return last_health_.has_value(); }
  // Has the same checks: goes on with their verdicts, and is proven if the other is.
  void inherit_health(const Service& predecessor);
  // Begins to act in the place of another one, whose registration becomes its own where both report to the same place.
  // The predecessor is handed over, its checks and commands end. `resume`: in its mode and warm-up, too.
  void relieve(Service& predecessor, bool resume);
  // Of a predecessor: leaves what a later successor reports to, too, which may have come back to where this one was.
  void yield_to(const Service& successor) { announcer_.yield_to(successor.announcer_); }
  // Of a predecessor: removes the registrations that the successor has not taken. May be called again.
  void remove_rest() { announcer_.withdraw(); }
  bool rest_removed() const { return announcer_.withdrawn(); }

  const std::string& name() const { return config_.name; }
  const ServiceConfig& config() const { return config_; }
  bool excluded_from_global_disable() const { return config_.exclude_from_global_disable; }
  std::size_t check_count() const { return checks_.size(); }
  ServiceStatus status() const;
  // The checks that make no progress, in words; a fault of ours.
  std::vector<std::string> stalled_checks(TimePoint now) const;

  void disable(bool shutdown, OnDisabled done);
  bool enable(bool force);  // false, and nothing happens: nerve is stopping
  void set_weight(int weight);

  // It does what its checks and operators ask for: it does not wait to know what an earlier life has left.
  bool acting() const { return phase_ == Phase::active; }

  // What another life needs to know to go on.
  Resumed past() const;
  bool draining() const { return lifecycle_.draining(); }
  // Does not know yet what an earlier life has left.
  bool looking() const { return phase_ == Phase::looking; }
  bool stopping() const { return lifecycle_.stopping(); }

  void stop(Ending ending);
  bool stopped() const { return lifecycle_.stopped(); }
  // The registration stays when the process ends.
  bool keeps_registration() const { return stopped() && kept_; }
  // Every reporter has taken the last news.
  bool confirmed() const { return announcer_.confirmed(); }
  void warn_of_unconfirmed() const { announcer_.warn_of_unconfirmed(); }
  // Takes its time series out of the metrics, when nobody else who lives has the same ones (`for_good`).
  void end_metrics(bool for_good) { events_.end_metrics(for_good); }

  // Ends the checks and commands; returns when they have ended.
  void cancel() { tasks_.cancel(); }
  boost::asio::awaitable<void> wait() { return tasks_.wait(); }

 private:
  enum class Phase { passive, looking, active, relieved };

  void looked(const std::optional<common::Registration>& found);
  void activate();
  void begin();

  struct LastAnswer {
    std::string reason;
    CheckRunner::Duration latency;
  };

  bool on_answer(std::size_t check, const Answer& answer, const CheckRunner::Timing& timing);
  void check_changed(std::size_t check, const Answer& answer);
  void handle(const Event& event);
  void process(const Event& event);
  void processed();

  void carry_out(const Publish& decision);
  void carry_out(const RunCommand& decision);
  void carry_out(const CancelCommand& decision);
  void carry_out(const WarmupRestarted& decision);
  void carry_out(const WarmupOver& decision);
  void carry_out(const DisableOver& decision);
  void carry_out(const Stopped& decision);

  using Cancelled = std::shared_ptr<boost::asio::steady_timer>;
  boost::asio::awaitable<void> run_command(RunCommand command, Cancelled cancelled);

  boost::asio::io_context& io_;
  const ServiceConfig config_;
  ServiceEvents events_;
  ServiceHealth health_;
  std::optional<Health> last_health_;
  Lifecycle lifecycle_;
  Phase phase_ = Phase::passive;
  Resumed past_;  // what is known of an earlier life while looking
  bool kept_ = false;
  common::Alarm deadline_;
  common::Alarm look_limit_;
  std::vector<CheckRunner> checks_;
  std::vector<std::optional<LastAnswer>> last_answers_;  // of the checks
  Announcer announcer_;
  Cancelled command_cancelled_;  // of the command that runs
  std::vector<OnDisabled> waiting_for_disable_;
  std::function<void()> on_step_;
  common::TaskGroup tasks_;
};

// Those that run, in the order of the configuration.
using Services = std::vector<std::unique_ptr<Service>>;

}  // namespace nerve
