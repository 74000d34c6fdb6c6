#include "synapse/watch/multi_watcher.h"

#include <algorithm>
#include <utility>

#include <boost/algorithm/string/join.hpp>

namespace synapse {
namespace {

std::vector<std::string> names_of(const MultiWatcherConfig& config) {
  std::vector<std::string> names;
  for (const auto& child : config.watchers) names.push_back(child.name);
  return names;
}

std::string silent_words(const std::string& who) {
  return "no word yet from " + who + "; going on without";
}

}  // namespace

MultiWatcher::MultiWatcher(boost::asio::io_context& io, const MultiWatcherConfig& config, const MakeChild& make_child,
                           WatcherEvents events)
    : events_(std::move(events)),
      sources_(config.resolver, names_of(config)),
      first_wait_(io, [this] { go_on_without(); }) {
  for (std::size_t i = 0; i < config.watchers.size(); ++i) {
    const auto& name = config.watchers[i].name;
    children_.push_back(make_child(
        config.watchers[i].watcher,
        WatcherEvents{
            .on_snapshot =
                [this, i, name](const std::vector<Record>& records) {
                  const bool was_silent = !sources_.spoken(i);
                  sources_.take(i, records);
                  tell();
                  if (was_silent) recovered(name);
                },
            .on_failed = [this, name](const std::string& error) { failed(name, "watcher " + name + ": " + error); },
            .on_recovered = [this, name] { recovered(name); }}));
  }
  first_wait_.set(common::Alarm::Clock::now() + config.first_wait);
}

void MultiWatcher::tell() {
  if (const auto records = sources_.records()) events_.on_snapshot(*records);
}

void MultiWatcher::go_on_without() {
  const auto silent = sources_.silent();
  sources_.stop_waiting();
  if (silent.empty()) return;
  // Who has said what is wrong is not only silent.
  for (const auto& child : silent) troubled_.try_emplace(child, silent_words(child));
  told_of_.clear();
  events_.on_failed(silent_words(boost::algorithm::join(silent, ", ")));
  tell();
}

void MultiWatcher::failed(const std::string& child, std::string words) {
  told_of_ = child;
  events_.on_failed(words);
  troubled_.insert_or_assign(child, std::move(words));
}

void MultiWatcher::recovered(const std::string& child) {
  if (troubled_.erase(child) == 0) return;
  if (troubled_.empty()) return events_.on_recovered();
  if (!told_of_.empty() && told_of_ != child) return;
  told_of_ = troubled_.begin()->first;
  events_.on_failed(troubled_.begin()->second);
}

void MultiWatcher::restore(const std::vector<Record>& records) {
  sources_.restore(records);
  for (std::size_t i = 0; i < children_.size(); ++i) children_[i]->restore(sources_.own(i, records));
}

std::size_t MultiWatcher::watches() const {
  std::size_t watches = 0;
  for (const auto& child : children_) watches += child->watches();
  return watches;
}

std::chrono::steady_clock::time_point MultiWatcher::confirmed() const {
  const auto sources = sources_.in_force();
  if (sources.empty()) return {};
  auto oldest = std::chrono::steady_clock::time_point::max();
  for (const auto index : sources) oldest = std::min(oldest, children_[index]->confirmed());
  return oldest;
}

}  // namespace synapse
