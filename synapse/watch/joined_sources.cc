#include "synapse/watch/joined_sources.h"

#include <algorithm>

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
  source.has_servers = std::any_of(records.begin(), records.end(), is_server);
  source.records = records;
  for (auto& record : source.records) record.child = source.name + "/" + record.child;
}

std::optional<std::size_t> JoinedSources::first_with_servers() const {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].has_servers) return i;
    if (!sources_[i].spoken && waiting_) break;
  }
  return std::nullopt;
}

std::vector<std::size_t> JoinedSources::in_force() const {
  const bool all_spoken = std::all_of(sources_.begin(), sources_.end(), [](const auto& each) { return each.spoken; });
  const auto first = first_with_servers();
  if (resolver_ == MultiResolver::sequential && first) return {*first};
  const bool any_server =
      std::any_of(sources_.begin(), sources_.end(), [](const auto& each) { return each.has_servers; });
  if (!all_spoken && (waiting_ || !any_server)) return {};
  std::vector<std::size_t> spoken;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].spoken) spoken.push_back(i);
  }
  return spoken;
}

std::optional<std::vector<Record>> JoinedSources::records() const {
  const auto sources = in_force();
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
