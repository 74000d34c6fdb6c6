// Who may do what with a node, as ZooKeeper has it: entries of scheme, id and permissions, of which any that fits is
// enough. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace common::zookeeper {

// The bits of ZooKeeper's protocol.
enum Permission : int { kRead = 1, kWrite = 2, kCreate = 4, kDelete = 8, kAdmin = 16, kAll = 31 };

struct AclEntry {
  std::string scheme;
  std::string id;
  int permissions = 0;

  friend bool operator==(const AclEntry&, const AclEntry&) = default;
};

// Empty: everybody may do everything.
using Acl = std::vector<AclEntry>;

// One entry as zkCli's setAcl takes it: "world:anyone:r", "auth::cdrwa", "digest:user:hash:cdrwa", "ip:10.0.0.0/8:r".
// The error says what is wrong, without the id: it may hold a password by mistake.
[[nodiscard]] Result<AclEntry> parse_acl_entry(std::string_view text);

// All that somebody or other may do.
[[nodiscard]] int permissions_of(const Acl& acl);

// "r (read)", "c (create children)": for a message.
[[nodiscard]] std::string_view describe(Permission permission);

}  // namespace common::zookeeper
