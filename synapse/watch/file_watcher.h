// The servers that a file lists, YAML or JSON (see config_servers.h). It is read again when inotify tells of a change
// on the way to it, be it written in place, replaced by a rename, or reached through another symbolic link; and looked
// at every ten seconds besides, for file systems that tell nothing. A file that is missing or bad is an error, and what
// it said before stays in force. Reads block: the file is taken to be on a disk of this machine. Loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/runtime/alarm.h"
#include "common/runtime/file_watch.h"
#include "synapse/watch/watcher.h"

namespace synapse {

class FileWatcher : public Watcher {
 public:
  FileWatcher(boost::asio::io_context& io, std::string path, WatcherEvents events);

  std::chrono::steady_clock::time_point confirmed() const override { return confirmed_; }

 private:
  // What tells one content from the next without reading it.
  struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;

    friend bool operator==(const Identity&, const Identity&) = default;
  };

  void look();
  void follow();
  void read();
  void fail(const std::string& error);
  common::Result<Identity> identity() const;

  const std::string path_;
  const WatcherEvents events_;
  common::FileWatch changes_;
  common::Alarm again_;
  bool following_ = true;         // as far as is known; else it is tried again
  std::optional<Identity> read_;  // of what was read last, good or bad
  bool good_ = false;             // what was read last
  bool failed_ = false;           // and it was said
  std::chrono::steady_clock::time_point confirmed_{};
};

}  // namespace synapse
