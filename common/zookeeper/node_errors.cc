#include "common/zookeeper/node_errors.h"

#include "common/zookeeper/node_plan.h"

namespace common::zookeeper {
namespace {

std::string explain(const std::string& what, Status status, const std::string& error, Permission needed,
                    const std::string& path, const std::string& user) {
  if (status != Status::no_auth) return what + ": " + error;
  const std::string lacks = "lacks the permission " + std::string(describe(needed)) + " on " + path;
  if (user.empty()) return what + ": a client without auth " + lacks;
  // ZooKeeper takes any password: with a wrong one the user is just somebody else.
  return what + ": user \"" + user + "\" " + lacks + ", or its password is wrong";
}

}  // namespace

std::string read_error(const std::string& path, Status status, const std::string& error, const std::string& user) {
  return explain("read " + path, status, error, kRead, path, user);
}

std::string list_error(const std::string& path, Status status, const std::string& error, const std::string& user) {
  return explain("list " + path, status, error, kRead, path, user);
}

std::string write_error(const Operation& operation, Status status, const std::string& error, const std::string& user) {
  if (const auto* create = std::get_if<CreateOperation>(&operation)) {
    return explain("create " + create->path, status, error, kCreate, parent_of(create->path), user);
  }
  if (const auto* set = std::get_if<SetOperation>(&operation)) {
    return explain("write " + set->path, status, error, kWrite, set->path, user);
  }
  const auto& path = std::get<DeleteOperation>(operation).path;
  return explain("delete " + path, status, error, kDelete, parent_of(path), user);
}

}  // namespace common::zookeeper
