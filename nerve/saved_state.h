// What nerve keeps on disk for its next life: the ZooKeeper sessions, and what operators have asked of the services. A
// restart or a crash is then no event for anybody who reads the registry. Pure, but for SavedStateFile, which main's
// App owns.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/file/file_lock.h"
#include "common/result.h"
#include "nerve/lifecycle/lifecycle.h"
#include "nerve/report/saved_sessions.h"

namespace nerve {

struct SavedState {
  SavedSessions sessions;
  std::map<std::string, Resumed> services;  // by name; those about which there is something to say

  friend bool operator==(const SavedState&, const SavedState&) = default;
};

// JSON, one document. The sessions' passwords are in it.
[[nodiscard]] std::string encode(const SavedState& state);
// The error says what is wrong with the text.
[[nodiscard]] common::Result<SavedState> decode_state(std::string_view text);

class SavedStateFile {
 public:
  // Claims the path for this process as long as it lives; its directory is created when it is missing. Null: another
  // process has it. The error is the system's.
  [[nodiscard]] static common::Result<std::unique_ptr<SavedStateFile>> claim(const std::string& path);

  // What the life before left; nothing when it left nothing. The error is for a warning: it is of no use any more.
  [[nodiscard]] common::Result<SavedState> load() const;

  // Readable by this user alone. Does nothing when it is what was saved last.
  [[nodiscard]] common::Result<void> save(const SavedState& state);
  // There is nothing to go on with.
  void remove();

 private:
  SavedStateFile(std::string path, std::unique_ptr<common::FileLock> lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  const std::string path_;
  const std::unique_ptr<common::FileLock> lock_;
  std::optional<std::string> saved_;
};

}  // namespace nerve
