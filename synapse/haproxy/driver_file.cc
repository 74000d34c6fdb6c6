// The part of the driver that deals with the file: what an earlier life left in it, and what it shall say.
#include <algorithm>
#include <set>
#include <utility>

#include "synapse/haproxy/driver.h"

namespace synapse::haproxy {

namespace asio = boost::asio;
using std::chrono::seconds;

namespace {

// Writing and checking the file of ten thousand servers takes a fifth of a second, whatever changed in it: it may take
// a twentieth of the time, but the file is never older than this.
constexpr int kFileShare = 20;
constexpr seconds kFileIntervalAtMost{10};

// The file's servers of a service: under its present name, or under another id from before services were added or taken
// away.
std::map<std::string, std::vector<ServerSpec>>::const_iterator find_servers(const RenderedFile& file,
                                                                            const BackendSpec& wanted) {
  const auto exact = file.servers.find(wanted.name);
  if (exact != file.servers.end()) return exact;
  return std::find_if(file.servers.begin(), file.servers.end(),
                      [&](const auto& backend) { return is_proxy_of(backend.first, wanted.service); });
}

}  // namespace

// Until the registry has spoken, a service has the servers that the last file gave it: unknown is not empty.
void Driver::read_file() {
  file_.read();
  if (const auto known = read_rendered(file_.text())) {
    std::set<std::string> ours;
    for (const auto& service : services_) {
      const auto found = find_servers(*known, service->wanted);
      if (found == known->servers.end()) continue;
      ours.insert(found->first);
      if (service->known) continue;
      file_names_[service->wanted.service] = found->first;
      service->wanted.servers = found->second;
      service->from_file = true;
      service->ever_available = true;
      auto& backend = running_.state.backends[found->first];
      backend = expected_of(found->first, found->second);
    }
    file_fingerprint_ = known->fingerprint;
    running_names_ = file_names_;
    file_has_more_ = std::any_of(known->servers.begin(), known->servers.end(), [&](const auto& backend) {
      return !backend.second.empty() && !ours.contains(backend.first);
    });
  } else {
    file_has_more_ = !file_.text().empty();
  }
  take_traits();
  update_fingerprint();
}

void Driver::update_fingerprint() {
  ConfigSpec spec = skeleton_;
  for (const auto& service : services_) {
    if (!declared(*service)) continue;
    spec.backends.push_back(service->wanted);
    spec.backends.back().servers.clear();
  }
  fingerprint_ = render(spec).fingerprint;
  if (running_.fingerprint == fingerprint_) running_names_ = wanted_names();
}

RenderedConfig Driver::rendered(FileFor purpose) const {
  ConfigSpec spec = skeleton_;
  for (const auto& each : services_) {
    const Service& service = *each;
    if (!declared(service)) continue;
    spec.backends.push_back(service.wanted);
    spec.backends.back().servers =
        servers_for_file(service.wanted, service.traits, last_seen(service.wanted), capabilities_, purpose);
  }
  return render(spec);
}

asio::awaitable<void> Driver::write_file() {
  file_due_.reset();
  const auto begun = Clock::now();
  auto text = rendered(FileFor::running);
  if (text.text == refused_text_) co_return;
  const bool changes = text.text != file_.text();
  writing_ = true;
  const bool written = co_await put_file(std::move(text));
  writing_ = false;
  if (!changes) co_return;
  const auto took = Clock::now() - begun;
  file_interval_.set_interval(std::clamp<Clock::duration>(kFileShare * took, kFileInterval, kFileIntervalAtMost));
  file_interval_.acted(begun);
  if (written) {
    file_retry_.reset();
  } else if (refused_text_.empty()) {
    file_due_ = Clock::now() + file_retry_.next(random_);  // a full disk?
  }
}

// True when the file on disk is the text.
asio::awaitable<bool> Driver::put_file(RenderedConfig config) {
  for (const auto& warning : config.warnings) events_.config_warning(config_.config_path, warning);
  const auto bytes = config.text.size();
  auto text = config.text;
  auto names = wanted_names();  // which may be others by the time that the file is written
  const auto replacement = co_await file_.replace(std::move(config.text));
  refused_text_.clear();
  switch (replacement.outcome) {
    case ConfigFile::Outcome::unchanged:
      events_.config_stands(config_.config_path);
      break;
    case ConfigFile::Outcome::replaced:
      break;
    case ConfigFile::Outcome::unchecked:
      events_.config_unchecked(config_.config_path, replacement.words);
      break;
    case ConfigFile::Outcome::refused:
      refused_text_ = std::move(text);
      refused_at_ = Clock::now();
      events_.config_refused(config_.config_path, replacement.words);
      co_return false;
    case ConfigFile::Outcome::failed:
      events_.config_not_written(config_.config_path, replacement.words);
      co_return false;
  }
  file_fingerprint_ = std::move(config.fingerprint);
  file_names_ = std::move(names);
  file_has_more_ = false;
  if (replacement.outcome != ConfigFile::Outcome::unchanged) events_.config_written(config_.config_path, bytes);
  co_return true;
}

}  // namespace synapse::haproxy
