// For a program that has only its exit status left to say: a signal that comes now must not say something else. The
// signals whose handlers go away with the loop would have their default effect again, which is to end the process.
#pragma once

#include <csignal>
#include <initializer_list>

namespace common {

// On the last thread that there is.
inline void hold_back_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR2}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace common
