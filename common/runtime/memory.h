// How this process asks the system for memory. Called once, before the first thread is started.
#pragma once

namespace common {

// A sidecar's memory is paid for on every host, its allocator's speed by nobody: one arena for the few threads, which
// hand their memory to each other anyway; and what is large, such as a rendered file or HAProxy's whole state, goes
// back to the system at once instead of leaving a hole.
void prefer_little_memory();

}  // namespace common
