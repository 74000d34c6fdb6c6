#include "common/runtime/file_watch.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>
#include <sys/inotify.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "common/runtime/alarm.h"

namespace common {
namespace {

// Not IN_MODIFY: a file that is being written is of interest when it is closed.
constexpr std::uint32_t kChanges =
    IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;
constexpr int kMostQuietTimes = 10;

}  // namespace

class FileWatch::Core : public std::enable_shared_from_this<FileWatch::Core> {
 public:
  Core(boost::asio::io_context& io, std::chrono::milliseconds settle, std::function<void()> on_change)
      : settle_(settle), on_change_(std::move(on_change)), events_(io), quiet_(io, [this] { tell(); }) {}

  Result<void> watch(const std::vector<std::string>& directories) {
    if (!events_.is_open()) {
      const int queue = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
      if (queue < 0) return fail(std::string("cannot follow files: ") + std::strerror(errno));
      events_.assign(queue);
      read();
    }
    Result<void> result;
    std::set<int> wanted;
    for (const auto& directory : directories) {
      // For a directory that is watched already this is the watch that it has.
      const int watch = ::inotify_add_watch(events_.native_handle(), directory.c_str(), kChanges | IN_ONLYDIR);
      if (watch < 0 && result) result = fail("cannot follow " + directory + ": " + std::strerror(errno));
      if (watch < 0) continue;
      // Something may have changed since the owner has looked.
      if (watches_.count(watch) == 0) changed();
      wanted.insert(watch);
    }
    for (const int watch : watches_) {
      if (wanted.count(watch) == 0) ::inotify_rm_watch(events_.native_handle(), watch);
    }
    watches_ = std::move(wanted);
    return result;
  }

  void stop() {
    boost::system::error_code ignored;
    events_.close(ignored);
    quiet_.clear();
  }

 private:
  void read() {
    events_.async_read_some(boost::asio::buffer(buffer_), [weak = weak_from_this()](const auto& error, std::size_t) {
      const auto core = weak.lock();
      if (!core || error) return;
      core->changed();
      core->read();
    });
  }

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
  boost::asio::posix::stream_descriptor events_;
  std::array<char, 4096> buffer_{};
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
