// The last good records of every source, kept on disk: a start without the source serves them at once. A directory with
// one file for each service and source, so that a change costs the service's own size. What is read is no more trusted
// than the registry itself. Owned by App; loop thread only, the disk is written on a thread of the pool.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/result.h"
#include "common/runtime/alarm.h"
#include "common/runtime/blocking_pool.h"
#include "synapse/events.h"
#include "synapse/pool/pool.h"
#include "synapse/saved_text.h"

namespace synapse {

class SavedRecords {
 public:
  enum class Access { read, write };

  // With Access::read what is there is never changed. An empty directory: nothing is kept. One that cannot be made or
  // written is said once; synapse works without it.
  SavedRecords(boost::asio::io_context& io, std::string directory, Events& events, Access access = Access::write);

  // The name of a service's file; `owner` says which router it belongs to and where its records come from, in words
  // that change with them: what is kept has passed that service's filters.
  [[nodiscard]] static std::string file_name(const std::string& service, const std::string& owner);

  // What was kept under that name; nothing when there is none, or none of use (that is logged).
  std::optional<SavedService> load(const std::string& file) const;

  // What a service has now; nothing when it is gone.
  using Servers = std::function<std::optional<std::vector<RoutedServer>>()>;

  // The service's servers are others now: they are asked for and written within about a second. What cannot be written
  // (a disk is full) is tried again every few seconds.
  void changed(const std::string& file, const std::string& service, Servers servers);

  // Removes what is not among these, and what an earlier life never finished; forgets changes of it. A service's file
  // of another source stays until one of the present source is there: the configuration may go back.
  void keep_only(const std::set<std::string>& files);

  // For the end: begins to write all that has not been written, after what is being written.
  void flush();

  // Until it is; a disk that hangs is for the caller's deadline.
  boost::asio::awaitable<void> flushed();

  bool busy() const { return writer_.busy(); }  // see BlockingPool

 private:
  struct Change {
    std::string service;
    Servers servers;
  };
  using Changes = std::map<std::string, Change>;  // by file

  void begin();
  void write_next();
  void written(Changes::node_type change, const common::Result<void>& result);
  void look_again();

  const std::string directory_;
  const bool writes_;
  Events& events_;
  Changes changes_;  // since the writing began
  Changes writing_;  // what is left of it
  bool busy_ = false;
  bool failed_ = false;  // some of what was tried last
  bool flushing_ = false;
  boost::asio::steady_timer flushed_;  // its wait ends when the flush does
  common::Alarm due_;
  common::BlockingPool writer_;
};

}  // namespace synapse
