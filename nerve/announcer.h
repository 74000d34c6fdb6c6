// All reporters of one service as one: hands each report to all of them, held back where the rate limit asks for it,
// and joins their answers. Reporters are independent: none waits for another. Owned by Service. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/runtime/alarm.h"
#include "nerve/events.h"
#include "nerve/lifecycle/report_gate.h"
#include "nerve/report/kinds.h"
#include "nerve/service_config.h"

namespace nerve {

struct ReporterStatus {
  std::string type;
  bool connected = true;  // to what it writes to
  bool confirmed = true;  // the last report was taken
  std::string error;      // why not; empty when it was, or nothing is known yet
};

class Announcer {
 public:
  struct Callbacks {
    // About the latest report: taken as soon as one reporter took it, refused when all did. Never from within
    // announce().
    std::function<void(ReportState state, bool by_all)> on_answered;
    // One reporter has found out what an earlier life has left.
    std::function<void(const std::optional<common::Registration>& found)> on_looked;
  };
  using MakeReporter = std::function<std::unique_ptr<Reporter>(const ReporterConfig& config,
                                                               const ReportSubject& subject, Reporter::Events events)>;

  // `events` must outlive it.
  Announcer(boost::asio::io_context& io, const ServiceConfig& config, const MakeReporter& make, ServiceEvents& events,
            Callbacks callbacks);

  void announce(const Publish& report);

  // Every reporter has taken the last report.
  bool confirmed() const;
  // Some reporter does not know yet what an earlier life has left.
  bool looking() const;
  void warn_of_unconfirmed() const;
  std::vector<ReporterStatus> status() const;

  // Goes on with the rate limit of the one that it relieves.
  void follow(const Announcer& predecessor) { gate_.follow(predecessor.gate_, Clock::now()); }
  // Lets go of what the other one reports to, too: it is the other's now. Says nothing more on its own.
  void yield_to(const Announcer& successor);
  // Takes the registration out of what is left. May be called again.
  void withdraw();
  bool withdrawn() const { return withdrawal_asked_ && confirmed(); }

 private:
  struct Entry {
    std::unique_ptr<Reporter> reporter;  // null: yielded
    ReportState state = ReportState::taken;
    std::string place;
    std::string type;
    std::string error;
  };

  void answered(std::size_t reporter, ReportState state);
  void offer(const Publish& report);
  void send(const Publish& report);

  ServiceEvents& events_;
  const Callbacks callbacks_;
  ReportGate gate_;
  std::optional<Publish> held_;  // by the gate
  common::Alarm held_until_;
  bool withdrawal_asked_ = false;
  std::vector<Entry> entries_;
};

}  // namespace nerve
