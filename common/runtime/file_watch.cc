#include "common/runtime/file_watch.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <sys/inotify.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "common/runtime/alarm.h"

namespace common {
namespace {

// Not IN_MODIFY: a file that is being written is of interest when it is closed.
constexpr std::uint32_t kChanges =
    IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;
constexpr int kMostQuietTimes = 10;

// The one inotify instance of a loop, whose watches are shared out: a user has few instances (128 by default), and a
// host has many of us. A directory that several owners follow is one watch. Opened with the first watch.
class Inotify : public boost::asio::execution_context::service {
 public:
  using key_type = Inotify;
  static boost::asio::execution_context::id id;

  explicit Inotify(boost::asio::execution_context& context)
      : service(context), events_(static_cast<boost::asio::io_context&>(context)) {}

  // The watch, which `changed` hears of until remove(). The error says why there is none.
  Result<int> add(const std::string& directory, const void* owner, const std::function<void()>& changed) {
    if (!events_.is_open()) {
      const int queue = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
      if (queue < 0) return fail(std::string("cannot follow files: ") + std::strerror(errno));
      events_.assign(queue);
      read();
    }
    // For a directory that is watched already this is the watch that it has.
    const int watch = ::inotify_add_watch(events_.native_handle(), directory.c_str(), kChanges | IN_ONLYDIR);
    if (watch < 0) return fail("cannot follow " + directory + ": " + std::strerror(errno));
    owners_[watch][owner] = changed;
    return watch;
  }

  void remove(int watch, const void* owner) {
    const auto found = owners_.find(watch);
    if (found == owners_.end() || found->second.erase(owner) == 0 || !found->second.empty()) return;
    owners_.erase(found);
    ::inotify_rm_watch(events_.native_handle(), watch);
  }

 private:
  void shutdown() override {
    boost::system::error_code ignored;
    events_.close(ignored);
    owners_.clear();
  }

  void read() {
    events_.async_read_some(boost::asio::buffer(buffer_), [this](const auto& error, std::size_t bytes) {
      if (error) return;
      take(bytes);
      read();
    });
  }

  void take(std::size_t bytes) {
    std::set<int> watches;
    for (std::size_t at = 0; at + sizeof(inotify_event) <= bytes;) {
      inotify_event event;
      std::memcpy(&event, buffer_.data() + at, sizeof event);
      at += sizeof event + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        for (const auto& [watch, owners] : owners_) watches.insert(watch);
      }
      watches.insert(event.wd);
    }
    // Nobody is told from within: an owner only notes that there is something.
    for (const int watch : watches) {
      const auto found = owners_.find(watch);
      if (found == owners_.end()) continue;
      for (const auto& [owner, changed] : found->second) changed();
    }
  }

  boost::asio::posix::stream_descriptor events_;
  std::array<char, 4096> buffer_{};
  std::map<int, std::map<const void*, std::function<void()>>> owners_;  // by watch
};

boost::asio::execution_context::id Inotify::id;

}  // namespace

class FileWatch::Core {
 public:
  Core(boost::asio::io_context& io, std::chrono::milliseconds settle, std::function<void()> on_change)
      : settle_(settle),
        on_change_(std::move(on_change)),
        inotify_(boost::asio::use_service<Inotify>(io)),
        quiet_(io, [this] { tell(); }) {}

  Result<void> watch(const std::vector<std::string>& directories) {
    Result<void> result;
    std::set<int> wanted;
    for (const auto& directory : directories) {
      const auto watch = inotify_.add(directory, this, [this] { changed(); });
      if (!watch && result) result = watch.error();
      if (!watch) continue;
      // Something may have changed since the owner has looked.
      if (watches_.count(*watch) == 0) changed();
      wanted.insert(*watch);
    }
    for (const int watch : watches_) {
      if (wanted.count(watch) == 0) inotify_.remove(watch, this);
    }
    watches_ = std::move(wanted);
    return result;
  }

  void stop() {
    for (const int watch : watches_) inotify_.remove(watch, this);
    quiet_.clear();
  }

 private:
  void changed() {
    const auto now = Alarm::Clock::now();
    if (!first_) first_ = now;
    quiet_.set(std::min(now + settle_, *first_ + kMostQuietTimes * settle_));
  }

  void tell() {
    first_.reset();
    on_change_();
  }

  const std::chrono::milliseconds settle_;
  const std::function<void()> on_change_;
  Inotify& inotify_;
  std::set<int> watches_;
  std::optional<Alarm::Clock::time_point> first_;  // change since it was told
  Alarm quiet_;
};

FileWatch::FileWatch(boost::asio::io_context& io, std::chrono::milliseconds settle, std::function<void()> on_change)
    : core_(std::make_shared<Core>(io, settle, std::move(on_change))) {}

FileWatch::~FileWatch() {
  core_->stop();
}

Result<void> FileWatch::watch(const std::vector<std::string>& directories) {
  return core_->watch(directories);
}

}  // namespace common
