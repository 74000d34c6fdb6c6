// A file that marks something as taken, for as long as this object lives: when its process ends, however it ends, the
// next may have it. The file itself stays, empty. No child inherits the lock.
#pragma once

#include <memory>
#include <string>

#include "common/result.h"

namespace common {

class FileLock {
 public:
  // Null: somebody else has it, be it another process or this one. It waits up to a second for that one to let go: when
  // a process is killed while it starts another one, the child has the lock until it has become that other program.
  // Makes the file when it is not there; one that is there will do where nothing can be written. The error is the
  // system's.
  [[nodiscard]] static Result<std::unique_ptr<FileLock>> claim(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  const int descriptor_;
};

}  // namespace common
