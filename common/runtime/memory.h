// How this process asks the system for memory, and gives it back.
#pragma once

#include <chrono>

namespace common {

// Called once, before the first thread is started. A sidecar's memory is paid for on every host, its allocator's speed
// by nobody: one arena for the few threads, which hand their memory to each other anyway; and what is large, such as a
// rendered file or HAProxy's whole state, goes back to the system at once instead of leaving a hole.
void prefer_little_memory();

// A process that gets no memory ends with a line that says so, wherever it is: it goes on with nothing half done, and a
// supervisor starts it afresh.
void end_when_memory_is_out();

// Called when the start, or another piece of work that seldom comes, is over: free memory goes back to the system, and
// code that was needed for it does not stay mapped. What is needed again is mapped again, from the page cache as long
// as the system has room. It takes some hundred microseconds.
void give_back_memory();

// When a start is over in any case that can be called normal.
inline constexpr std::chrono::seconds kStartTakesAtMost{10};

}  // namespace common
