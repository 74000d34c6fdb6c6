// Follows the configuration while nerve runs: reads it again when a file changed or somebody asked, refuses what is bad
// while the old runs on, and hands on what is good. Owned by App. Loop thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/result.h"
#include "common/runtime/file_watch.h"
#include "nerve/config_events.h"
#include "nerve/config_files.h"
#include "nerve/roster.h"

namespace nerve {

class ConfigFollower {
 public:
  struct Callbacks {
    // Makes a good configuration the one that runs. An error refuses it as a whole: nothing has changed.
    std::function<common::Result<Roster::Difference>(const ParsedConfig& parsed)> apply;
    // The texts are the same; what they name may have changed.
    std::function<void()> unchanged;
  };

  ConfigFollower(boost::asio::io_context& io, ConfigFiles files, common::Metrics& metrics, Callbacks callbacks);

  // This one runs now; it is followed from now on.
  void begin(const ParsedConfig& parsed);
  // `why`: for the log. `asked`: somebody waits there for an answer.
  void reload(const std::string& why, bool asked);
  void end();

  const Config& config() const { return config_; }     // that runs; without its services
  const std::string& shown() const { return shown_; }  // likewise, as JSON without secrets

 private:
  void watch();
  void refuse(const std::string& why, bool asked, const ParsedConfig& parsed, const common::Diagnostics& diagnostics);

  const ConfigFiles files_;
  const Callbacks callbacks_;
  ConfigEvents events_;
  Config config_;
  std::string shown_;
  std::size_t fingerprint_ = 0;              // of what runs
  std::optional<std::size_t> last_refused_;  // said once, until it changes
  common::FileWatch watch_;
  bool ended_ = false;
};

}  // namespace nerve
