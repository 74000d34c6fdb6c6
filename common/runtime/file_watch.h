// Tells when something in a set of directories has changed and then been quiet for a moment. What has changed is for
// the owner to find out: it reads the files again. All of a loop share one inotify instance. Loop thread only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/result.h"

namespace common {

class FileWatch {
 public:
  // `settle`: the quiet time; a change that goes on and on is told after ten times as much. on_change is never called
  // from within a call, and may call watch().
  FileWatch(boost::asio::io_context& io, std::chrono::milliseconds settle, std::function<void()> on_change);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // From now on these and no others; on_change follows for new ones, which may have changed since the owner has looked.
  // To be called again after each change: a directory that was removed and made anew is another one. The error names
  // the one that cannot be watched; the others are.
  [[nodiscard]] Result<void> watch(const std::vector<std::string>& directories);

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace common
