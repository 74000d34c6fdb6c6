// Follows the configuration while a program runs: has it read again when a file changed or somebody asked, refuses what
// is bad while the old runs on, and has what is good applied. Owned by App. Loop thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/config/reader.h"
#include "common/reload/config_events.h"
#include "common/result.h"
#include "common/runtime/alarm.h"
#include "common/runtime/file_watch.h"
#include "common/time/min_interval.h"

namespace common {

// What one reading of all files gave.
struct LoadedConfig {
  Diagnostics diagnostics;
  std::size_t fingerprint = 0;           // of all that counts
  std::vector<std::string> directories;  // where its files lie; none: they are not followed
};

class ConfigFollower {
 public:
  struct Callbacks {
    // Reads the files anew. The owner keeps what it has read until apply() or the next load().
    std::function<LoadedConfig()> load;
    // Whether what was read last, which has no errors, can run; an error refuses it as a whole. It may answer at once
    // or later, exactly once; nothing else is read meanwhile. None: what has no errors can run.
    std::function<void(std::function<void(Result<void>)> done)> prove;
    // Makes what was read last, which is proven, the configuration that runs. An error refuses it as a whole:
    // nothing has changed.
    std::function<Result<ConfigDifference>()> apply;
    // All is the same, but for what the owner keeps out of the fingerprint.
    std::function<void()> unchanged;
  };

  // `program`: for the names of the metrics.
  ConfigFollower(boost::asio::io_context& io, const std::string& program, Metrics& metrics, Callbacks callbacks);

  // This one runs now; it is followed from now on.
  void begin(const LoadedConfig& loaded);
  // Somebody asks, for whatever reason: at once, but all that is asked within a quarter of a second after that is one.
  // `why`: for the log.
  void ask(const std::string& why);
  // At once. `asked`: somebody waits there for an answer. While a proof is under way it is remembered.
  void reload(const std::string& why, bool asked);
  void end();

 private:
  struct Wish {
    std::string why;
    bool asked = false;
  };

  void watch();
  void proven(const Wish& wish, const LoadedConfig& loaded, const Result<void>& result);
  void apply(const Wish& wish, const LoadedConfig& loaded);
  void refuse(const Wish& wish, std::size_t fingerprint, const Diagnostics& diagnostics);

  const Callbacks callbacks_;
  ConfigEvents events_;
  std::size_t fingerprint_ = 0;  // of what runs
  std::vector<std::string> directories_;
  std::optional<std::size_t> last_refused_;  // said once, until it changes
  FileWatch watch_;
  MinInterval ask_interval_;
  std::string asked_;  // why, while it waits for its time
  Alarm ask_again_;
  bool proving_ = false;
  std::optional<Wish> later_;  // came while a proof was under way
  bool ended_ = false;
};

// The directory of a file, for LoadedConfig::directories.
[[nodiscard]] std::string directory_of(const std::string& path);

}  // namespace common
