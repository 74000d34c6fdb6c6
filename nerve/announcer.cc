#include "nerve/announcer.h"

#include <algorithm>
#include <utility>

namespace nerve {

Announcer::Announcer(boost::asio::io_context& io, const ServiceConfig& config, const MakeReporter& make,
                     ServiceEvents& events, Callbacks callbacks)
    : events_(events),
      callbacks_(std::move(callbacks)),
      gate_(config.lifecycle.rate_limit, Clock::now()),
      held_until_(io, [this] { offer(*held_); }) {
  const ReportSubject subject{common::node_name(config.name, config.host, config.port), config.report_replay,
                              config.lifecycle.record};
  for (std::size_t i = 0; i < config.reporters.size(); ++i) {
    Reporter::Events told{.on_taken =
                              [this, i] {
                                events_.report_taken(i);
                                entries_[i].error.clear();
                                answered(i, ReportState::taken);
                              },
                          .on_failed =
                              [this, i](const std::string& error) {
                                events_.report_failed(i, error);
                                entries_[i].error = error;
                                answered(i, ReportState::refused);
                              },
                          .on_notice = [this, i](const std::string& what) { events_.report_notice(i, what); },
                          .on_trouble = [this, i](const std::string& what) { events_.report_trouble(i, what); },
                          .on_looked = callbacks_.on_looked};
    entries_.push_back({.reporter = make(config.reporters[i], subject, std::move(told)),
                        .place = place_of(config.reporters[i], subject.node_name),
                        .type = config.reporters[i].type});
  }
}

void Announcer::announce(const Publish& report) {
  for (Entry& entry : entries_) entry.state = ReportState::pending;
  offer(report);
}

void Announcer::offer(const Publish& report) {
  switch (gate_.ask(report, Clock::now())) {
    case ReportGate::Answer::hold:
      if (!held_) events_.report_held(false);
      held_ = report;
      return held_until_.set(*gate_.due());
    case ReportGate::Answer::pass_in_shadow:
      events_.report_held(true);
      return send(report);
    case ReportGate::Answer::pass:
      return send(report);
  }
}

void Announcer::send(const Publish& report) {
  const Publish sent = report;  // it may be the one that was held
  held_.reset();
  held_until_.clear();
  events_.published(sent.record);
  for (const Entry& entry : entries_) {
    if (entry.reporter) entry.reporter->report({sent.record, sent.draining});
  }
}

void Announcer::answered(std::size_t reporter, ReportState state) {
  if (held_) return;  // it is about an earlier one
  entries_[reporter].state = state;
  const auto count = [this](ReportState wanted) {
    return std::count_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.state == wanted; });
  };
  const auto all = static_cast<std::ptrdiff_t>(entries_.size());
  if (const auto taken = count(ReportState::taken); taken > 0) {
    callbacks_.on_answered(ReportState::taken, taken == all);
  } else if (count(ReportState::refused) == all) {
    callbacks_.on_answered(ReportState::refused, false);
  }
}

bool Announcer::confirmed() const {
  const auto settled = [](const Entry& entry) { return !entry.reporter || entry.reporter->settled(); };
  return !held_ && std::all_of(entries_.begin(), entries_.end(), settled);
}

bool Announcer::looking() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return entry.reporter && entry.reporter->looking(); });
}

void Announcer::warn_of_unconfirmed() const {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].reporter && !entries_[i].reporter->settled()) events_.not_deregistered(i);
  }
}

std::vector<ReporterStatus> Announcer::status() const {
  std::vector<ReporterStatus> all;
  for (const Entry& entry : entries_) {
    if (!entry.reporter) continue;
    all.push_back({entry.type, entry.reporter->connected(), !held_ && entry.reporter->settled(), entry.error});
    if (held_) all.back().error = "held back by the rate limit";
  }
  return all;
}

void Announcer::yield_to(const Announcer& successor) {
  held_.reset();
  held_until_.clear();
  for (Entry& entry : entries_) {
    const auto same = [&](const Entry& other) { return other.place == entry.place; };
    if (std::any_of(successor.entries_.begin(), successor.entries_.end(), same)) entry.reporter.reset();
  }
}

void Announcer::withdraw() {
  if (std::exchange(withdrawal_asked_, true)) return;
  for (const Entry& entry : entries_) {
    if (entry.reporter) entry.reporter->report({});
  }
}

}  // namespace nerve
