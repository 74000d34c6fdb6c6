#include "common/zookeeper/read_nodes.h"

#include <memory>
#include <utility>

namespace common::zookeeper {
namespace {

struct Reading : std::enable_shared_from_this<Reading> {
  Reading(Zookeeper& session, std::string path, std::vector<std::string> all,
          std::function<void(const ReadNodes&)> then)
      : zookeeper(session), parent(std::move(path)), names(std::move(all)), done(std::move(then)) {}

  void next() {
    if (names.empty()) return done(result);
    zookeeper.get(join_path(parent, names.back()), true,
                  [self = shared_from_this()](GetReply reply) { self->on_read(std::move(reply)); });
  }

  void on_read(GetReply reply) {
    if (reply.status == Status::ok) {
      result.found.push_back({names.back(), std::move(reply.data), reply.stat});
    } else if (reply.status != Status::no_node) {
      result.status = reply.status;
      result.error = std::move(reply.error);
      result.path = join_path(parent, names.back());
      return done(result);
    }
    names.pop_back();
    next();
  }

  Zookeeper& zookeeper;
  const std::string parent;
  std::vector<std::string> names;
  const std::function<void(const ReadNodes&)> done;
  ReadNodes result;
};

}  // namespace

void read_nodes(Zookeeper& zookeeper, const std::string& parent, std::vector<std::string> names,
                std::function<void(const ReadNodes& result)> done) {
  std::make_shared<Reading>(zookeeper, parent, std::move(names), std::move(done))->next();
}

}  // namespace common::zookeeper
