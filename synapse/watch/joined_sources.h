// Several sources of servers as one: the rules of a watcher of type multi. Unknown is not empty: while a source has not
// spoken, what the others say may not empty the service, and until stop_waiting() it holds them up. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "synapse/watch/watcher_config.h"

namespace synapse {

class JoinedSources {
 public:
  // The order of the names is the order of preference.
  JoinedSources(MultiResolver resolver, const std::vector<std::string>& names);

  // All that a source has now.
  void take(std::size_t source, const std::vector<Record>& records);

  // What records() was in an earlier life. What was a source's then stands for it once nobody waits for it any longer,
  // until it speaks.
  void restore(const std::vector<Record>& records);

  // Those of a source among such records, with the children's names that it gave them itself.
  std::vector<Record> own(std::size_t source, const std::vector<Record>& records) const;

  bool spoken(std::size_t source) const { return sources_.at(source).spoken; }

  // Those that have not spoken yet do not hold up the others any longer.
  void stop_waiting() { waiting_ = false; }

  // All records in force, their children with the source's name before them (`near/web1`); nothing while that is not
  // known.
  std::optional<std::vector<Record>> records() const;

  // The sources whose word records() is; not those whose word is of an earlier life.
  std::vector<std::size_t> in_force() const;

  // The names of those that have not spoken.
  std::vector<std::string> silent() const;

 private:
  struct Source {
    std::string name;
    bool spoken = false;
    bool restored = false;  // what it has is of an earlier life
    bool has_servers = false;
    std::vector<Record> records;
  };

  std::optional<std::size_t> first_with_servers() const;
  std::vector<std::size_t> counting() const;

  const MultiResolver resolver_;
  std::vector<Source> sources_;
  bool waiting_ = true;
};

}  // namespace synapse
