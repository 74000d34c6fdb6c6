// What is to be done so that an instance has exactly the node that it wants, whatever it, an earlier life of it or a
// twin has left. One transaction, so that nobody ever sees it twice or not at all. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/zookeeper/zookeeper.h"

namespace common::zookeeper {

struct NodeKind {
  std::string parent;  // "/services/web"
  bool ephemeral = true;
  bool sequential = false;
  Acl acl = {};
};

// A node of the instance that stands below the parent.
struct FoundNode {
  std::string name;
  std::string data;
  Stat stat;
};

struct WantedNode {
  std::string name;  // of a sequential node: what stands before its number
  std::string data;

  friend bool operator==(const WantedNode&, const WantedNode&) = default;
};

// The process's session has it: it made it, or it goes on with the session of the life that made it. A persistent node
// belongs to whoever has its name.
[[nodiscard]] bool is_ours(const FoundNode& found, std::int64_t session);

// True for "web_10.0.0.1_80_0000000042" and "web_10.0.0.1_80_": ten digits, or a minus when they have run over.
[[nodiscard]] bool is_numbered(std::string_view name, std::string_view prefix);

struct NodePlan {
  std::vector<Operation> operations;    // none: all is as it should be
  std::optional<FoundNode> kept;        // the one that stays; with the wanted data when the operations are done
  std::optional<FoundNode> taken_over;  // another session's that they delete
};

[[nodiscard]] NodePlan plan_node(const NodeKind& kind, std::int64_t session, const std::vector<FoundNode>& found,
                                 const std::optional<WantedNode>& wanted);

// "/services/web" and "a": "/services/web/a".
[[nodiscard]] std::string join_path(std::string_view parent, std::string_view name);
[[nodiscard]] std::string parent_of(const std::string& path);

}  // namespace common::zookeeper
