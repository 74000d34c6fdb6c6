#include "synapse/watch/file_watcher.h"

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <utility>

#include "common/file/write_atomically.h"
#include "synapse/config_servers.h"
#include "synapse/watch/way_to_file.h"

namespace synapse {
namespace {

using Clock = common::Alarm::Clock;

// Whoever writes in place may do so in several steps.
constexpr std::chrono::milliseconds kSettle{50};
constexpr std::chrono::seconds kLookAgainAfter{10};
constexpr std::size_t kMostBytes = 8 * 1024 * 1024;

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileWatcher::FileWatcher(boost::asio::io_context& io, std::string path, WatcherEvents events)
    : path_(std::move(path)),
      events_(std::move(events)),
      changes_(io, kSettle,
               [this] {
                 follow();
                 look();
               }),
      again_(io, [this] {
        if (!read_ || !following_) follow();
        look();
      }) {
  again_.set(Clock::now());
}

// The watches are set before the file is read: what changes in between is told.
void FileWatcher::follow() {
  const auto followed = changes_.watch(directories_on_the_way(path_));
  if (!followed && std::exchange(following_, false)) {
    fail(followed.error().message + "; looking every 10 s instead");
  }
  if (followed) following_ = true;
}

void FileWatcher::look() {
  again_.set(Clock::now() + kLookAgainAfter);
  const auto found = identity();
  if (!found) {
    read_.reset();
    return fail(found.error().message);
  }
  if (read_ == *found) {
    if (good_) confirmed_ = Clock::now();
    return;
  }
  read_ = *found;
  read();
}

void FileWatcher::read() {
  good_ = false;
  const auto text = common::read_file(path_, kMostBytes);
  if (!text) {
    read_.reset();  // it is tried again, although it may not have changed then
    return fail(text.error().message);
  }
  const auto records = parse_servers(*text, path_);
  if (!records) return fail(records.error().message);
  good_ = true;
  confirmed_ = Clock::now();
  if (std::exchange(failed_, false)) events_.on_recovered();
  events_.on_snapshot(*records);
}

void FileWatcher::fail(const std::string& error) {
  failed_ = true;
  events_.on_failed(error);
}

common::Result<FileWatcher::Identity> FileWatcher::identity() const {
  struct stat found {};
  if (::stat(path_.c_str(), &found) != 0) return common::fail("cannot read " + path_ + ": " + std::strerror(errno));
  return Identity{.device = found.st_dev,
                  .inode = found.st_ino,
                  .size = found.st_size,
                  .modified_ns = nanoseconds(found.st_mtim),
                  .changed_ns = nanoseconds(found.st_ctim)};
}

}  // namespace synapse
