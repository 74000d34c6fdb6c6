// Makes one place of the world read what a service has to say: a registry, a file, the console. Reporters of a service
// know nothing of each other. Owned by Service. Loop thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/registration/registration.h"

namespace nerve {

// What the world shall read.
struct Report {
  std::optional<common::Registration> record;  // nothing: the registration goes away
  bool draining = false;                       // not available because it is being disabled; its users shall leave

  friend bool operator==(const Report&, const Report&) = default;
};

class Reporter {
 public:
  // Called on the loop, never from within report(), always about the latest report.
  struct Events {
    std::function<void()> on_taken;
    // It is being tried again, until it is taken or replaced.
    std::function<void(const std::string& error)> on_failed;
    // Something an operator wants to know that is neither.
    std::function<void(const std::string& what)> on_notice;
    // Something that an operator should do something about.
    std::function<void(const std::string& what)> on_trouble = {};
    // looking() has become false. What an earlier life of this instance has left and still stands, if anything.
    std::function<void(const std::optional<common::Registration>& found)> on_looked = {};
  };

  virtual ~Reporter() = default;

  // From now on the world shall read this. The latest call counts.
  virtual void report(const Report& report) = 0;

  // The latest report has been taken.
  virtual bool settled() const = 0;

  // What it writes to can be reached, as far as it knows.
  virtual bool connected() const { return true; }

  // It does not know yet whether an earlier life of this instance has left something.
  virtual bool looking() const { return false; }
};

}  // namespace nerve
