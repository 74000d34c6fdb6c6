// Brings one HAProxy to the wanted state and keeps it there: the only writer of its configuration file and its runtime
// socket. One coroutine does everything in turn: plan what is due, send it, read every reply; on a surprise read the
// state back and plan again; what cannot be done live becomes a reload, rate limited. The file follows when things are
// calm; its writing and a reload go on beside, because live changes must not wait for them. While HAProxy is away the
// wanted state waits. Owned by the router; loop thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/runtime/task_group.h"
#include "common/time/backoff.h"
#include "common/time/coalescer.h"
#include "common/time/gathering.h"
#include "common/time/min_interval.h"
#include "synapse/config.h"
#include "synapse/events.h"
#include "synapse/haproxy/capabilities.h"
#include "synapse/haproxy/config_file.h"
#include "synapse/haproxy/control.h"
#include "synapse/haproxy/former_workers.h"
#include "synapse/haproxy/observed.h"
#include "synapse/haproxy/plan.h"
#include "synapse/haproxy/proof.h"
#include "synapse/haproxy/render.h"
#include "synapse/haproxy/runtime_socket.h"
#include "synapse/haproxy/server.h"
#include "synapse/haproxy/traits.h"
#include "synapse/pool/hold.h"
#include "synapse/status/output_state.h"

namespace synapse::haproxy {

// True for `<service>_<id>`, whatever the id.
[[nodiscard]] bool is_proxy_of(std::string_view proxy, std::string_view service);

class Driver {
 public:
  // `control` outlives the driver. `on_routed(service)`: HAProxy has the service's servers for the first time.
  Driver(boost::asio::io_context& io, const RouterConfig& router, HaproxyControl& control, Events& events,
         std::function<void(const std::string& service)> on_routed);

  // The configuration from now on, for the same HAProxy in the same place. A service of the same name goes on with its
  // servers; one that is not named any more goes with the reload that follows.
  void reconfigure(const RouterConfig& router);

  // What there is to prove another configuration with, by service; the file, for the proof.
  std::map<std::string, KnownService> known() const;
  ConfigFile& file() { return file_; }

  // The servers that a service of the configuration shall have. Acts soon. When there are none the file's servers of an
  // earlier synapse stay, unless that is `on_purpose`.
  void set_servers(const std::string& service, std::vector<ServerSpec> servers, bool on_purpose);

  // The address that a server of the service has now, in HAProxy's file or by set_servers(); empty when it has none.
  std::string present_address(const std::string& service, const std::string& server) const;

  // As of the last reading, which is some seconds old at most.
  Liveness liveness(const std::string& service, const std::string& server) const;

  // What HAProxy has for the service, as far as is known; may be null. Valid until the next turn of the loop.
  const ObservedBackend* observed_of(const std::string& service) const;
  // What HAProxy has of a service beside what it shall have.
  OutputState output(const std::string& service) const;

  // Why nothing goes on; empty: it does.
  std::string stalled(std::chrono::steady_clock::time_point now) const;

  // HAProxy ended, or was replaced: look at once.
  void haproxy_ended(const std::string& how);

  // Until cancelled; then stop() ends what is still under way.
  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> stop();

 private:
  using Clock = std::chrono::steady_clock;

  // How long a load waits for the registry's first answers about services that are new. HAProxy loads ten thousand
  // servers sooner than it adds them one by one.
  static constexpr common::Gathering kFirstAnswers{std::chrono::milliseconds(250), std::chrono::milliseconds(100),
                                                   std::chrono::seconds(1)};

  // A file that is written at every change of a burst, and checked each time, costs more than the burst itself.
  static constexpr std::chrono::seconds kFileInterval{1};

  struct Service {
    BackendSpec wanted;
    BackendTraits traits;  // of the lines that HAProxy runs
    bool declare_empty = true;
    bool known = false;      // the registry has spoken; until then the file's servers stand
    bool from_file = false;  // the servers are those of the file on disk
    bool ever_available = false;
    bool needs_reload = false;
    bool lacks_servers = false;  // until that reload; else they serve, although with other words
    bool routed = false;
    bool removed = false;  // from the configuration, while it was being worked on
    bool verifying = false;
    std::map<std::string, ByHand> held;  // by a person, as it was said
    Tombstones tombstones = {};
    common::Coalescer changes;
    std::optional<Clock::time_point> again;  // to be planned then, although nothing changed
  };
  // Shared, because a round of commands may outlast a service's place in the configuration.
  using Services = std::vector<std::shared_ptr<Service>>;

  // What HAProxy says of itself in one exchange.
  struct Reading {
    ProcessInfo process;
    std::string fingerprint;
    ObservedState state;
  };

  // Also where a new process gets the number of the old one, as in a container.
  static bool are_different(const ProcessInfo& process, const ProcessInfo& earlier) {
    return process.pid != earlier.pid || process.uptime_seconds < earlier.uptime_seconds;
  }
  bool is_other_process(const ProcessInfo& process) const { return are_different(process, running_.process); }

  // Who made HAProxy load what it runs, since the last reading.
  enum class Loaded {
    nobody,  // it is the process that we know
    before,  // it ran when synapse came
    by_us,
    by_others,  // from a file that may be older than ours
  };

  // By service, in HAProxy or in a file. A service that is not declared there has none.
  using Names = std::map<std::string, std::string>;

  enum class Sent { acknowledged, plan_again, surprise };

  // driver.cc: the loop and the live changes.
  boost::asio::awaitable<void> step();
  boost::asio::awaitable<void> plan_due();
  boost::asio::awaitable<Sent> send(const std::vector<Command>& commands);
  Services take_due();
  std::vector<Command> plan_round(const Services& due);
  void settled(const Services& services);
  void plan_all_again();
  void want_reload(ReloadReason reason, const std::string& words);
  void lost(const std::string& how);
  Service* find(const std::string& service) const;
  void take_services(const RouterConfig& router);
  void take_traits();

  // driver_schedule.cc: when there is something to do next.
  std::optional<Clock::time_point> next_deadline() const;
  Clock::time_point reload_at(Clock::time_point now) const;
  void wake();
  boost::asio::awaitable<void> sleep();

  // driver_look.cc: what HAProxy has, and what became of it without us.
  boost::asio::awaitable<void> look();
  boost::asio::awaitable<void> look_at_old_workers();
  void take(Reading reading, Loaded loaded);
  void take_backend(Service& service, ObservedBackend* before, const ObservedBackend& fresh);
  void count_tombstones(Service& service);
  void sweep_tombstones();

  // driver_names.cc
  Names wanted_names() const;
  Names names_in(const Reading& reading) const;
  Names names_by_likeness(const ObservedState& state) const;
  std::string running_name(const std::string& service) const;
  std::string present_name(const std::string& former) const;
  void take_names(Names names);
  ObservedBackend* observed(const Service& service);
  Plan plan_as_it_runs(const Service& service);
  const ObservedBackend* last_seen(const BackendSpec& wanted) const;

  // driver_status.cc
  OutputState output_of_file(const Service& service, const std::vector<ServerSpec>& wanted) const;
  void tell_reloads(const Service& service, OutputState& output) const;

  // driver_file.cc: the file.
  void read_file();
  void update_fingerprint();
  RenderedConfig rendered(FileFor purpose) const;
  boost::asio::awaitable<void> write_file();
  boost::asio::awaitable<bool> put_file(RenderedConfig rendered);

  // driver_load.cc: making HAProxy load it.
  boost::asio::awaitable<void> attach();
  boost::asio::awaitable<void> start();
  void begin(const char* name, boost::asio::awaitable<void> work);
  boost::asio::awaitable<void> beside(boost::asio::awaitable<void> work);
  boost::asio::awaitable<void> reload();
  void put_off_refused();
  boost::asio::awaitable<common::Result<Reading>> ask();
  boost::asio::awaitable<common::Result<Reading>> load(std::optional<ProcessInfo> former);
  boost::asio::awaitable<common::Result<Reading>> ask_until_loaded(const std::optional<ProcessInfo>& former,
                                                                   const std::string& fingerprint);
  boost::asio::awaitable<std::vector<std::string>> paused_frontends();
  boost::asio::awaitable<void> resume_frontends();
  std::string heard() const;

  bool declared(const Service& service) const { return service.declare_empty || service.ever_available; }
  bool has_socket() const { return !socket_.path().empty(); }
  bool all_known() const;
  bool would_empty_a_service() const;

  HaproxyRouterConfig config_;
  HaproxyControl& control_;
  Events& events_;
  const std::string place_;  // the router's
  const std::function<void(const std::string&)> on_routed_;
  ConfigSpec skeleton_;      // without servers; its backends are in services_
  std::string fingerprint_;  // of the wanted skeleton
  Services services_;        // in the order of the configuration
  ConfigFile file_;
  std::string file_fingerprint_;
  bool file_has_more_ = false;  // servers of nobody knows which service
  Names file_names_;
  RuntimeSocket socket_;
  std::mt19937 random_;

  // HAProxy as we know it. Not attached: nothing is known.
  bool attached_ = false;
  bool started_ = false;  // it ran before
  Reading running_;
  Names running_names_;
  std::map<std::string, std::string> renamed_;  // backends, by the last load
  Capabilities capabilities_ = least_capabilities();
  std::string end_;                          // how it ended last
  std::vector<std::string> paused_by_hand_;  // frontends, before the first load that failed
  bool load_failed_ = false;                 // the last one, whose tries may still go on

  std::size_t next_due_ = 0;  // where take_due() goes on looking

  std::vector<ReloadNeed> reloads_;  // what is waiting for a reload
  common::MinInterval reload_interval_;
  common::MinInterval file_interval_;
  common::Backoff start_retry_;
  common::Backoff reload_retry_{{std::chrono::milliseconds(500), std::chrono::milliseconds(30'000)}};
  common::Backoff file_retry_{{std::chrono::milliseconds(500), std::chrono::milliseconds(30'000)}};
  std::string refused_text_;  // HAProxy did not take it; hardly ever tried again until it differs
  Clock::time_point refused_at_{};
  std::optional<Clock::time_point> not_before_;  // after a failed start or reload
  std::optional<Clock::time_point> file_due_;
  bool writing_ = false;  // the file is being checked, or was when that was cancelled
  Clock::time_point look_at_{};
  Clock::time_point plan_all_at_{};
  Clock::time_point changed_at_{};  // something was wanted or done that was not before
  std::uint64_t load_ = 0;          // counts what HAProxy loaded, so that nobody takes the answers of one for another's
  common::MinInterval sweep_interval_;
  FormerWorkers former_workers_;
  Clock::time_point attached_at_{};
  common::Gathering first_answers_ = kFirstAnswers;

  common::TaskGroup tasks_;
  std::optional<Clock::time_point> step_began_;  // of the step under way
  Clock::time_point busy_since_{};
  bool busy_ = false;  // writing the file or loading it, beside the loop; one at a time
  boost::asio::steady_timer wake_;
  bool woken_ = false;
};

}  // namespace synapse::haproxy
