// Makes one place of the world read what a service has to say: a registry, a file, the console. Reporters of a service
// know nothing of each other. Owned by Service. Loop thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/registration/registration.h"

namespace nerve {

class Reporter {
 public:
  // Called on the loop, never from within report(), always about the latest report.
  struct Events {
    std::function<void()> on_taken;
    // It is being tried again, until it is taken or replaced.
    std::function<void(const std::string& error)> on_failed;
    // Something an operator wants to know that is neither.
    std::function<void(const std::string& what)> on_notice;
  };

  virtual ~Reporter() = default;

  // From now on the world shall read this; nothing: the registration goes away. The latest call counts.
  virtual void report(const std::optional<common::Registration>& record) = 0;

  // The latest report has been taken.
  virtual bool settled() const = 0;
};

}  // namespace nerve
