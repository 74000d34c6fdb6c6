#include "common/zookeeper/create_path.h"

#include <memory>
#include <utility>

#include "common/zookeeper/node_plan.h"

namespace common::zookeeper {
namespace {

struct Climb : std::enable_shared_from_this<Climb> {
  Climb(Zookeeper& session, std::string wanted, Acl who,
        std::function<void(const CommitReply&, const std::string&)> then)
      : zookeeper(session), goal(std::move(wanted)), acl(std::move(who)), done(std::move(then)) {}

  // Up to what is there, and down again: what is there need not be touched, and often may not.
  void create(const std::string& path) {
    zookeeper.commit({CreateOperation{path, "", false, false, acl}},
                     [self = shared_from_this(), path](CommitReply reply) {
                       const bool there = reply.status == Status::ok || reply.status == Status::node_exists;
                       if (there && path == self->goal) return self->done({Status::ok, "", 0, {}}, path);
                       if (there) return self->create(self->goal.substr(0, self->goal.find('/', path.size() + 1)));
                       if (reply.status == Status::no_node && parent_of(path) != "/")
                         return self->create(parent_of(path));
                       self->done(reply, path);
                     });
  }

  Zookeeper& zookeeper;
  const std::string goal;
  const Acl acl;
  const std::function<void(const CommitReply&, const std::string&)> done;
};

}  // namespace

void create_path(Zookeeper& zookeeper, const std::string& path, const Acl& acl,
                 std::function<void(const CommitReply& reply, const std::string& refused)> done) {
  std::make_shared<Climb>(zookeeper, path, acl, std::move(done))->create(path);
}

}  // namespace common::zookeeper
