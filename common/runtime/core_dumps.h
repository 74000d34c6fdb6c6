// Whether the memory of this process, with the passwords in it, can end up in a file. Called before the first thread.
#pragma once

namespace common {

// Without them no core is written, whatever the system's core_pattern and limits say, and no other process of the same
// user can trace this one or read its memory and environment (PR_SET_DUMPABLE). Programs that are started from here are
// not affected.
void allow_core_dumps(bool allow);

}  // namespace common
