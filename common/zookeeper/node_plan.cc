#include "common/zookeeper/node_plan.h"

#include <algorithm>

namespace common::zookeeper {
namespace {

bool fits(const NodeKind& kind, std::int64_t session, const FoundNode& found, const WantedNode& wanted) {
  const bool named = kind.sequential ? is_numbered(found.name, wanted.name) : found.name == wanted.name;
  return named && found.stat.owner == (kind.ephemeral ? session : 0);
}

}  // namespace

bool is_ours(const FoundNode& found, std::int64_t session) {
  return found.stat.owner == session || found.stat.owner == 0;
}

bool is_numbered(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  if (name.starts_with('-')) name.remove_prefix(1);
  constexpr std::size_t digits = 10;
  return name.size() == digits && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

NodePlan plan_node(const NodeKind& kind, std::int64_t session, const std::vector<FoundNode>& found,
                   const std::optional<WantedNode>& wanted) {
  NodePlan plan;
  // The oldest: whoever reads the registry knows it longest.
  for (const auto& node : found) {
    if (!wanted || !fits(kind, session, node, *wanted)) continue;
    if (!plan.kept || node.stat.created_zxid < plan.kept->stat.created_zxid) plan.kept = node;
  }
  for (const auto& node : found) {
    if (plan.kept && node.name == plan.kept->name) continue;
    const bool ours = is_ours(node, session);
    // Without a wish of our own, another session's node is the business of that process: it may be our successor.
    if (!wanted && !ours) continue;
    if (!ours) plan.taken_over = node;
    // What is not ours may just have been replaced by its owner.
    plan.operations.emplace_back(DeleteOperation{join_path(kind.parent, node.name), ours ? -1 : node.stat.version});
  }
  if (!wanted) return plan;
  if (!plan.kept) {
    plan.operations.emplace_back(
        CreateOperation{join_path(kind.parent, wanted->name), wanted->data, kind.ephemeral, kind.sequential, kind.acl});
  } else if (plan.kept->data != wanted->data) {
    plan.operations.emplace_back(SetOperation{join_path(kind.parent, plan.kept->name), wanted->data});
  }
  return plan;
}

std::string join_path(std::string_view parent, std::string_view name) {
  std::string path(parent == "/" ? "" : parent);
  path += '/';
  return path += name;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace common::zookeeper
