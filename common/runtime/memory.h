// How this process asks the system for memory. Called once, before the first thread is started.
#pragma once

namespace common {

// A sidecar's memory is paid for on every host, its allocator's speed by nobody: one arena for the few threads, which
// hand their memory to each other anyway; and what is large, such as a rendered file or HAProxy's whole state, goes
// back to the system at once instead of leaving a hole.
void prefer_little_memory();

// A process that gets no memory ends with a line that says so, wherever it is: it goes on with nothing half done, and a
// supervisor starts it afresh.
void end_when_memory_is_out();

}  // namespace common
