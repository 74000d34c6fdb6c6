// What one life of nerve leaves to the next, so that a restart is no event for anybody who reads the registry: the
// sessions, which live on for their timeout, and the nodes in them. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace nerve {

struct SavedNode {
  std::string path;
  bool persistent = false;  // it outlives the session

  friend bool operator==(const SavedNode&, const SavedNode&) = default;
};

struct SavedSession {
  std::string key;                  // of the ensemble: its servers, sorted, and the user
  std::int64_t id = 0;              // 0: there is none
  std::array<char, 16> password{};  // a secret: with it, whoever can reach ZooKeeper has the session
  std::vector<SavedNode> nodes;     // sorted by path; some may be gone

  friend bool operator==(const SavedSession&, const SavedSession&) = default;
};

using SavedSessions = std::vector<SavedSession>;

}  // namespace nerve
