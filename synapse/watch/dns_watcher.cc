#include "synapse/watch/dns_watcher.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "common/runtime/alarm.h"
#include "synapse/watch/dns_schedule.h"
#include "synapse/watch/joined_sources.h"

namespace synapse {
namespace {

using Clock = common::Alarm::Clock;

// How long names without an answer hold up the others at the start.
constexpr std::chrono::seconds kFirstWait{10};

std::vector<DnsQuestion> questions_of(const DnsWatcherConfig& config) {
  std::vector<DnsQuestion> questions;
  for (const auto& host : config.hosts) questions.push_back({host.name, host.port, config.family});
  for (const auto& service : config.services) questions.push_back({service, 0, config.family});
  return questions;
}

std::vector<std::string> names_of(const DnsWatcherConfig& config) {
  std::vector<std::string> names;
  for (const auto& question : questions_of(config)) names.push_back(question.name);
  return names;
}

}  // namespace

// Outlives the watcher while a look-up is under way.
class DnsWatcher::Core : public std::enable_shared_from_this<DnsWatcher::Core> {
 public:
  Core(boost::asio::io_context& io, NameServers& name_servers, const DnsWatcherConfig& config, WatcherEvents events)
      : name_servers_(name_servers),
        servers_(config.name_servers),
        events_(std::move(events)),
        sources_(MultiResolver::union_of_all, names_of(config)),
        first_wait_(io, [this] { go_on_without(); }) {
    const auto questions = questions_of(config);
    for (std::size_t i = 0; i < questions.size(); ++i) {
      asked_.push_back(std::make_unique<Asked>(questions[i], DnsSchedule(config.min_ttl, config.max_ttl), io,
                                               [this, i] { ask(i); }));
    }
  }

  void start() {
    first_wait_.set(Clock::now() + kFirstWait);
    for (auto& each : asked_) each->due.set(Clock::now());
  }

  void stop() {
    stopped_ = true;
    first_wait_.clear();
    for (auto& each : asked_) each->due.clear();
  }

  void restore(const std::vector<Record>& records) { sources_.restore(records); }

  Clock::time_point confirmed() const {
    const auto in_force = sources_.in_force();
    if (in_force.empty()) return {};
    auto oldest = Clock::time_point::max();
    for (const auto index : in_force) oldest = std::min(oldest, asked_[index]->answered);
    return oldest;
  }

 private:
  struct Asked {
    Asked(DnsQuestion what, DnsSchedule when, boost::asio::io_context& io, std::function<void()> on_due)
        : question(std::move(what)), schedule(when), due(io, std::move(on_due)) {}

    const DnsQuestion question;
    DnsSchedule schedule;
    common::Alarm due;
    Clock::time_point answered{};
    std::vector<Record> records;
    bool failed = false;
  };

  void ask(std::size_t index) {
    name_servers_.look_up(servers_, asked_[index]->question,
                          [weak = weak_from_this(), index](const common::Result<DnsServers>& found) {
                            if (const auto core = weak.lock(); core && !core->stopped_) core->learn(index, found);
                          });
  }

  void learn(std::size_t index, const common::Result<DnsServers>& found) {
    const auto alive = shared_from_this();  // whoever is told may take it away
    auto& asked = *asked_[index];
    std::mt19937 random(std::random_device{}());
    if (!found) {
      asked.due.set(Clock::now() + asked.schedule.after_failure(random));
      asked.failed = true;
      return events_.on_failed(found.error().message);
    }
    asked.due.set(Clock::now() + asked.schedule.after_answer(found->ttl, random));
    const bool first = asked.answered == Clock::time_point{};
    asked.answered = Clock::now();
    const bool was_failing = std::exchange(asked.failed, false);
    if (was_failing && std::none_of(asked_.begin(), asked_.end(), [](const auto& each) { return each->failed; })) {
      events_.on_recovered();
    }
    if (!first && asked.records == found->records) return;
    asked.records = found->records;
    sources_.take(index, asked.records);
    tell();
  }

  void go_on_without() {
    const auto silent = sources_.silent();
    sources_.stop_waiting();
    if (!silent.empty()) tell();
  }

  void tell() {
    if (const auto records = sources_.records()) events_.on_snapshot(*records);
  }

  NameServers& name_servers_;
  const std::vector<std::string> servers_;
  const WatcherEvents events_;
  JoinedSources sources_;
  common::Alarm first_wait_;
  std::vector<std::unique_ptr<Asked>> asked_;
  bool stopped_ = false;
};

DnsWatcher::DnsWatcher(boost::asio::io_context& io, NameServers& name_servers, const DnsWatcherConfig& config,
                       WatcherEvents events)
    : core_(std::make_shared<Core>(io, name_servers, config, std::move(events))) {
  core_->start();
}

DnsWatcher::~DnsWatcher() {
  core_->stop();
}

void DnsWatcher::restore(const std::vector<Record>& records) {
  core_->restore(records);
}

Clock::time_point DnsWatcher::confirmed() const {
  return core_->confirmed();
}

}  // namespace synapse
