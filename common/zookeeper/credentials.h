// Who logs in to ZooKeeper, by its scheme "digest". Pure.
#pragma once

#include <compare>
#include <string>

namespace common::zookeeper {

struct Credentials {
  std::string username;  // empty: nobody logs in
  std::string password;

  friend auto operator<=>(const Credentials&, const Credentials&) = default;
};

}  // namespace common::zookeeper
