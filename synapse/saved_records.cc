#include "synapse/saved_records.h"

#include <chrono>
#include <filesystem>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include "common/file/write_atomically.h"
#include "common/telemetry/event_log.h"
#include "synapse/stable_hash.h"

namespace synapse {
namespace {

namespace fs = std::filesystem;
using common::fail;
using common::Result;

constexpr std::chrono::seconds kWrittenWithin{1};
constexpr std::chrono::seconds kTriedAgainAfter{5};
constexpr std::size_t kMostBytes = 64 * 1024 * 1024;
// Addresses and labels are the operators' business.
constexpr mode_t kMode = 0640;
constexpr std::size_t kHashDigits = 16;
constexpr std::string_view kExtension = ".json";

// The directory is made again when somebody has removed it.
Result<void> write(const std::string& directory, const std::string& file, const std::string& text) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return fail("cannot make " + directory + ": " + error.message());
  return common::write_atomically(directory + "/" + file, text, kMode);
}

std::string now() {
  return common::rfc3339(std::chrono::system_clock::now());
}

// Of a file of ours.
std::string service_of(const std::string& name) {
  return name.substr(0, name.size() - kExtension.size() - kHashDigits - 1);
}

bool is_ours(const std::string& name) {
  if (!name.ends_with(kExtension) || name.size() < kHashDigits + kExtension.size() + 1) return false;
  const auto hash = name.substr(name.size() - kExtension.size() - kHashDigits, kHashDigits);
  return hash.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

SavedRecords::SavedRecords(boost::asio::io_context& io, std::string directory, Events& events, Access access)
    : directory_(std::move(directory)),
      writes_(access == Access::write && !directory_.empty()),
      events_(events),
      flushed_(io, boost::asio::steady_timer::time_point::max()),
      due_(io, [this] { begin(); }),
      writer_(io, 1) {
  if (!writes_) return;
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) events_.state_not_written("cannot make " + directory_ + ": " + error.message());
}

std::string SavedRecords::file_name(const std::string& service, const std::string& owner) {
  return fmt::format("{}-{:016x}{}", service, StableHash().add(owner).value(), kExtension);
}

std::optional<SavedService> SavedRecords::load(const std::string& file) const {
  const auto path = directory_ + "/" + file;
  std::error_code error;
  if (directory_.empty() || !fs::exists(path, error)) return std::nullopt;
  const auto text = common::read_file(path, kMostBytes);
  if (!text) {
    events_.state_not_read(text.error().message);
    return std::nullopt;
  }
  auto saved = decode_saved(*text);
  if (saved) return *std::move(saved);
  events_.state_not_read(path + " " + saved.error().message);
  return std::nullopt;
}

void SavedRecords::changed(const std::string& file, const std::string& service, Servers servers) {
  if (!writes_) return;
  const bool waiting = !changes_.empty();
  changes_.insert_or_assign(file, Change{service, std::move(servers)});
  if (!waiting && !busy_) look_again();
}

void SavedRecords::begin() {
  busy_ = true;
  failed_ = false;
  writing_ = std::exchange(changes_, {});
  write_next();
}

// One file after the other, so that the loop is never held up by many.
void SavedRecords::write_next() {
  while (!writing_.empty()) {
    const auto change = std::make_shared<Changes::node_type>(writing_.extract(writing_.begin()));
    const auto servers = change->mapped().servers();
    if (!servers) continue;
    const auto result = std::make_shared<Result<void>>();
    writer_.run(
        [result, directory = directory_, file = change->key(),
         text = encode_saved(change->mapped().service, *servers, now())] { *result = write(directory, file, text); },
        [this, result, change] { written(std::move(*change), *result); });
    return;
  }
  busy_ = false;
  if (!changes_.empty()) look_again();
}

void SavedRecords::look_again() {
  due_.set(common::Alarm::Clock::now() + (failed_ ? kTriedAgainAfter : kWrittenWithin));
}

void SavedRecords::written(Changes::node_type change, const Result<void>& result) {
  if (result) {
    if (!failed_) events_.state_written();
  } else {
    failed_ = true;
    events_.state_not_written(result.error().message);
    changes_.insert(std::move(change));  // unless there is a later one
  }
  write_next();
}

void SavedRecords::keep_only(const std::set<std::string>& files) {
  for (auto* changes : {&changes_, &writing_}) {
    std::erase_if(*changes, [&](const auto& change) { return !files.contains(change.first); });
  }
  if (!writes_) return;
  std::error_code error;
  std::set<std::string> awaited;  // services that have no file yet
  for (const auto& file : files) {
    if (!fs::exists(directory_ + "/" + file, error)) awaited.insert(service_of(file));
  }
  std::vector<fs::path> unwanted;
  for (fs::directory_iterator entry(directory_, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const auto name = entry->path().filename().string();
    // Of a life that was killed while it wrote; or of ours, at this moment.
    const bool unfinished = !busy_ && is_ours(fs::path(name).stem().string());
    const bool old = is_ours(name) && !files.contains(name) && !awaited.contains(service_of(name));
    if (unfinished || old) unwanted.push_back(entry->path());
  }
  for (const auto& path : unwanted) fs::remove(path, error);
}

void SavedRecords::flush() {
  changes_.merge(std::exchange(writing_, {}));  // the later ones stay
  if (changes_.empty() && !busy_) return;
  std::vector<std::pair<std::string, std::string>> texts;  // by file
  for (const auto& [file, change] : std::exchange(changes_, {})) {
    if (const auto servers = change.servers()) texts.emplace_back(file, encode_saved(change.service, *servers, now()));
  }
  const auto failures = std::make_shared<std::vector<std::string>>();
  flushing_ = true;
  writer_.run(
      [failures, directory = directory_, texts = std::move(texts)] {
        for (const auto& [file, text] : texts) {
          if (const auto result = write(directory, file, text); !result) failures->push_back(result.error().message);
        }
      },
      [this, failures] {
        for (const auto& failure : *failures) events_.state_not_written(failure);
        flushing_ = false;
        flushed_.cancel();
      });
}

boost::asio::awaitable<void> SavedRecords::flushed() {
  boost::system::error_code ignored;
  while (flushing_) {
    co_await flushed_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
}

}  // namespace synapse
