// How many files and sockets this process may have open.
#pragma once

namespace common {

// Raises the soft limit as far as the hard one allows, but not above 65,536: the processes that we start inherit it,
// and some go through all numbers up to it when they start. Does nothing when that is not allowed.
void raise_descriptor_limit();

// Whether that many more files could be opened at this moment, by this process and on this machine.
[[nodiscard]] bool descriptors_left(int count);

}  // namespace common
