#include "synapse/watch/joined_sources.h"

#include <algorithm>
#include <iterator>

namespace synapse {
namespace {

// One that could take traffic: a source whose servers all say that they are unavailable has none to offer.
bool is_server(const Record& record) {
  return record.registration && record.registration->available && record.registration->weight.value_or(1) != 0;
}

}  // namespace

JoinedSources::JoinedSources(MultiResolver resolver, const std::vector<std::string>& names) : resolver_(resolver) {
  for (const auto& name : names) sources_.push_back({.name = name});
}

void JoinedSources::take(std::size_t index, const std::vector<Record>& records) {
  auto& source = sources_.at(index);
  source.spoken = true;
  source.restored = false;
  source.has_servers = std::any_of(records.begin(), records.end(), is_server);
  source.records = records;
  for (auto& record : source.records) record.child = source.name + "/" + record.child;
}

void JoinedSources::restore(const std::vector<Record>& records) {
  for (auto& source : sources_) {
    if (source.spoken) continue;
    source.records.clear();
    std::copy_if(records.begin(), records.end(), std::back_inserter(source.records),
                 [&](const Record& record) { return record.child.starts_with(source.name + "/"); });
    source.restored = !source.records.empty();
    source.has_servers = std::any_of(source.records.begin(), source.records.end(), is_server);
  }
}

std::vector<Record> JoinedSources::own(std::size_t index, const std::vector<Record>& records) const {
  const auto prefix = sources_.at(index).name + "/";
  std::vector<Record> own;
  for (const auto& record : records) {
    if (!record.child.starts_with(prefix)) continue;
    own.push_back(record);
    own.back().child.erase(0, prefix.size());
  }
  return own;
}

std::optional<std::size_t> JoinedSources::first_with_servers() const {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (!sources_[i].spoken && waiting_) break;
    if (sources_[i].has_servers) return i;
  }
  return std::nullopt;
}

// Those whose records count: spoken or restored.
std::vector<std::size_t> JoinedSources::counting() const {
  const bool all_spoken = std::all_of(sources_.begin(), sources_.end(), [](const auto& each) { return each.spoken; });
  const auto first = first_with_servers();
  if (resolver_ == MultiResolver::sequential && first) return {*first};
  const bool any_server =
      std::any_of(sources_.begin(), sources_.end(), [](const auto& each) { return each.has_servers; });
  if (!all_spoken && (waiting_ || !any_server)) return {};
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].spoken || sources_[i].restored) found.push_back(i);
  }
  return found;
}

std::vector<std::size_t> JoinedSources::in_force() const {
  auto sources = counting();
  std::erase_if(sources, [this](std::size_t index) { return !sources_[index].spoken; });
  return sources;
}

std::optional<std::vector<Record>> JoinedSources::records() const {
  const auto sources = counting();
  if (sources.empty()) return std::nullopt;
  std::vector<Record> all;
  for (const auto index : sources) {
    const auto& records = sources_[index].records;
    all.insert(all.end(), records.begin(), records.end());
  }
  return all;
}

std::vector<std::string> JoinedSources::silent() const {
  std::vector<std::string> names;
  for (const auto& source : sources_) {
    if (!source.spoken) names.push_back(source.name);
  }
  return names;
}

}  // namespace synapse
