// The directory of an HAProxy of our own, held by one process for as long as this object lives.
#pragma once

#include <memory>
#include <string>

#include "common/result.h"

namespace synapse::haproxy {

class RuntimeDirectory {
 public:
  // Makes the directory when it is not there. The error says what is in the way and what to do.
  [[nodiscard]] static common::Result<std::unique_ptr<RuntimeDirectory>> claim(const std::string& path);
  ~RuntimeDirectory();
  RuntimeDirectory(const RuntimeDirectory&) = delete;
  RuntimeDirectory& operator=(const RuntimeDirectory&) = delete;

 private:
  explicit RuntimeDirectory(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;  // of synapse.lock; no child inherits it, so the lock goes with us
};

}  // namespace synapse::haproxy
