#include "synapse/haproxy/former_workers.h"

#include <string>

#include "common/file/write_atomically.h"

namespace synapse::haproxy {
namespace {

// A number may have passed to a stranger, and a process that ended may still wait for its parent.
bool is_haproxy(int pid) {
  const auto stat = common::read_file("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) return false;
  const auto name = stat->find('(');
  const auto end = stat->rfind(')');
  if (name == std::string::npos || end == std::string::npos || end < name) return false;
  const bool ended = stat->compare(end, 3, ") Z") == 0;
  return !ended && stat->compare(name, 8, "(haproxy") == 0;
}

}  // namespace

void FormerWorkers::now(int pid) {
  if (pid == pid_) return;
  if (visible_) former_.insert(pid_);
  former_.erase(pid);
  pid_ = pid;
  visible_ = is_haproxy(pid);
}

std::optional<std::size_t> FormerWorkers::count() {
  if (!visible_) return std::nullopt;
  std::erase_if(former_, [](int pid) { return !is_haproxy(pid); });
  return former_.size();
}

}  // namespace synapse::haproxy
