#include "common/runtime/file_watch.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
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
    // A new queue each time: what the old one still holds is of no interest.
    boost::system::error_code ignored;
    events_.close(ignored);
    const int queue = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (queue < 0) return fail(std::string("cannot follow files: ") + std::strerror(errno));
    events_.assign(queue);
    Result<void> result;
    for (const auto& directory : directories) {
      if (::inotify_add_watch(queue, directory.c_str(), kChanges | IN_ONLYDIR) < 0 && result) {
        result = fail("cannot follow " + directory + ": " + std::strerror(errno));
      }
    }
    read();
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
