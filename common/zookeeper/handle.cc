#include "common/zookeeper/handle.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include <boost/asio/post.hpp>

#include "common/telemetry/log.h"

namespace common::zookeeper {

namespace asio = boost::asio;

namespace {

// One session may follow ten thousand nodes. A server has a limit of a thousand requests under way for all its clients
// together, beyond which it lets everybody wait.
constexpr std::size_t kReadsAtOnce = 500;

Status to_status(int code) {
  switch (code) {
    case ZOK:
      return Status::ok;
    case ZNONODE:
      return Status::no_node;
    case ZNODEEXISTS:
      return Status::node_exists;
    case ZBADVERSION:
      return Status::bad_version;
    case ZNOTEMPTY:
      return Status::not_empty;
    case ZNOAUTH:
      return Status::no_auth;
    case ZCONNECTIONLOSS:
    case ZAUTHFAILED:
    case ZOPERATIONTIMEOUT:
    case ZSESSIONEXPIRED:
    case ZSESSIONMOVED:
    case ZINVALIDSTATE:
    case ZCLOSING:
      return Status::lost;
    default:
      return Status::failed;
  }
}

Stat to_stat(const ::Stat& stat) {
  return {.created_zxid = stat.czxid,
          .modified_zxid = stat.mzxid,
          .created_ms = stat.ctime,
          .modified_ms = stat.mtime,
          .version = stat.version,
          .child_version = stat.cversion,
          .owner = stat.ephemeralOwner};
}

// A refusal is told as a state of the session, too.
void ignore_answer(int, const void*) {}

// One list of ACL entries in the client's form; it points into the other one.
struct ClientAcl {
  explicit ClientAcl(const Acl& acl) {
    for (const auto& entry : acl) {
      entries.push_back(
          {entry.permissions, {const_cast<char*>(entry.scheme.c_str()), const_cast<char*>(entry.id.c_str())}});
    }
    vector = {static_cast<std::int32_t>(entries.size()), entries.data()};
  }
  ClientAcl(const ClientAcl&) = delete;
  ClientAcl& operator=(const ClientAcl&) = delete;

  const ACL_vector* get() const { return entries.empty() ? &ZOO_OPEN_ACL_UNSAFE : &vector; }

  std::vector<ACL> entries;
  ACL_vector vector{};
};

int create_mode(const CreateOperation& create) {
  return (create.ephemeral ? ZOO_EPHEMERAL : 0) | (create.sequential ? ZOO_SEQUENCE : 0);
}

// The client repeats "connection refused" thirty times a second: of use to nobody but a developer.
void on_client_log(const char* message) {
  if (log::enabled(log::Level::trace)) log::write(log::Level::trace, message);
}

}  // namespace

Status Handle::Reply::status() const {
  return to_status(code);
}

std::string Handle::Reply::error() const {
  return code == ZOK ? "" : zerror(code);
}

Handle::Handle(asio::io_context& io, OnEvent on_event) : io_(io), on_event_(std::move(on_event)) {}

Handle::~Handle() = default;

int Handle::open(const std::string& hosts, int timeout_ms, const clientid_t& session, const std::string& credentials) {
  zoo_set_debug_level(ZOO_LOG_LEVEL_WARN);
  errno = 0;
  zhandle_t* zh = zookeeper_init2(hosts.c_str(), on_watch, timeout_ms, session.client_id != 0 ? &session : nullptr,
                                  this, 0, on_client_log);
  if (zh == nullptr) return errno != 0 ? errno : ENOENT;
  // By default the client resolves the names again at each turn, and drops a healthy connection when they flap.
  zoo_set_servers_resolution_delay(zh, -1);
  // The client sends them again on each of its connections.
  if (!credentials.empty()) {
    zoo_add_auth(zh, "digest", credentials.data(), static_cast<int>(credentials.size()), ignore_answer, nullptr);
  }
  zh_ = zh;
  return 0;
}

void Handle::close() {
  if (zhandle_t* zh = zh_.exchange(nullptr)) zookeeper_close(zh);
}

Handle::Call& Handle::begin(std::function<void(const Reply&)> done) {
  auto call = std::make_unique<Call>();
  call->handle = shared_from_this();
  call->id = ++last_call_;
  call->done = std::move(done);
  return *(calls_[last_call_] = std::move(call));
}

// A request that the client did not even take is answered like any other.
void Handle::started(const Call& call, int code) {
  if (code == ZOK) return;
  reply_of(&call, code);
  post_finish(&call);
}

void Handle::finish(std::uint64_t id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const auto call = std::move(found->second);
  calls_.erase(found);
  if (call->done) call->done(call->reply);
}

void Handle::give_up_waiting() {
  for (auto& read : std::exchange(waiting_, {})) {
    asio::post(io_, [done = std::move(read.done)] { done({Status::lost, zerror(ZCONNECTIONLOSS), "", {}}); });
  }
}

void Handle::abandon() {
  give_up_waiting();
  for (auto& [id, call] : calls_) {
    if (auto done = std::exchange(call->done, nullptr)) {
      asio::post(io_, [done = std::move(done)] { done(Reply{}); });
    }
  }
}

void Handle::forget() {
  waiting_.clear();
  calls_.clear();  // they hold the handle
}

void Handle::get(const std::string& path, bool watch, std::function<void(GetReply)> done) {
  if (watch) watched_bytes_ += path.size();
  Read wanted{path, watch, std::move(done)};
  if (reads_ < kReadsAtOnce) return read(std::move(wanted));
  waiting_.push_back(std::move(wanted));
}

void Handle::read(Read wanted) {
  ++reads_;
  Call& call = begin([self = shared_from_this(), done = std::move(wanted.done)](const Reply& reply) {
    --self->reads_;
    if (!self->waiting_.empty()) {
      auto next = std::move(self->waiting_.front());
      self->waiting_.pop_front();
      self->read(std::move(next));
    }
    done({reply.status(), reply.error(), reply.data, reply.stat});
  });
  started(call, zoo_aget(zh_, wanted.path.c_str(), wanted.watch ? 1 : 0, on_data, &call));
}

void Handle::children(const std::string& path, bool watch, std::function<void(ChildrenReply)> done) {
  if (watch) watched_bytes_ += path.size();
  Call& call = begin([done = std::move(done)](const Reply& reply) {
    done({reply.status(), reply.error(), reply.children});
  });
  started(call, zoo_aget_children(zh_, path.c_str(), watch ? 1 : 0, on_strings, &call));
}

void Handle::exists(const std::string& path, bool watch, std::function<void(ExistsReply)> done) {
  if (watch) watched_bytes_ += path.size();
  Call& call = begin([done = std::move(done)](const Reply& reply) {
    done({reply.status(), reply.error(), reply.stat});
  });
  started(call, zoo_aexists(zh_, path.c_str(), watch ? 1 : 0, on_stat, &call));
}

// zoo_aremove_watches() would only ask whether there is one. The client declares the completion as a pointer to one,
// and calls it as what it is.
void Handle::unwatch(const std::string& path, std::function<void(Status)> done) {
  Call& call = begin([done = std::move(done)](const Reply& reply) { done(reply.status()); });
  started(call, zoo_aremove_all_watches(zh_, path.c_str(), ZWATCHTYPE_DATA, 0,
                                        reinterpret_cast<void_completion_t*>(&on_unwatched), &call));
}

void Handle::commit(const std::vector<Operation>& operations, std::function<void(CommitReply)> done) {
  Call& call = begin([done = std::move(done)](const Reply& reply) {
    done({reply.status(), reply.error(), reply.failed_operation, reply.created});
  });
  // The client serialises everything before it returns, but for the results and the created paths.
  call.results.resize(operations.size());
  call.created.resize(operations.size());
  std::vector<zoo_op_t> ops(operations.size());
  std::deque<ClientAcl> acls;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (const auto* create = std::get_if<CreateOperation>(&operations[i])) {
      constexpr std::size_t space_for_number = 16;
      call.created[i].resize(create->path.size() + space_for_number);
      zoo_create_op_init(&ops[i], create->path.c_str(), create->data.data(), static_cast<int>(create->data.size()),
                         acls.emplace_back(create->acl).get(), create_mode(*create), call.created[i].data(),
                         static_cast<int>(call.created[i].size()));
    } else if (const auto* set = std::get_if<SetOperation>(&operations[i])) {
      zoo_set_op_init(&ops[i], set->path.c_str(), set->data.data(), static_cast<int>(set->data.size()), -1, nullptr);
    } else if (const auto* remove = std::get_if<DeleteOperation>(&operations[i])) {
      zoo_delete_op_init(&ops[i], remove->path.c_str(), remove->version);
    }
  }
  started(call, zoo_amulti(zh_, static_cast<int>(ops.size()), ops.data(), call.results.data(), on_committed, &call));
}

// From here on: the client's threads. Copy and post, nothing else.

void Handle::post_finish(const void* data) {
  const auto* call = static_cast<const Call*>(data);
  asio::post(call->handle->io_, [handle = call->handle, id = call->id] { handle->finish(id); });
}

Handle::Reply& Handle::reply_of(const void* data, int code) {
  auto& reply = const_cast<Call*>(static_cast<const Call*>(data))->reply;
  reply.code = code;
  return reply;
}

void Handle::on_data(int code, const char* value, int length, const ::Stat* stat, const void* data) {
  auto& reply = reply_of(data, code);
  if (code == ZOK && value != nullptr && length > 0) reply.data.assign(value, static_cast<std::size_t>(length));
  if (code == ZOK && stat != nullptr) reply.stat = to_stat(*stat);
  post_finish(data);
}

void Handle::on_strings(int code, const String_vector* strings, const void* data) {
  auto& reply = reply_of(data, code);
  if (code == ZOK && strings != nullptr) reply.children.assign(strings->data, strings->data + strings->count);
  post_finish(data);
}

void Handle::on_stat(int code, const ::Stat* stat, const void* data) {
  auto& reply = reply_of(data, code);
  if (code == ZOK && stat != nullptr) reply.stat = to_stat(*stat);
  post_finish(data);
}

void Handle::on_unwatched(int code, const void* data) {
  reply_of(data, code == ZNOWATCHER ? ZOK : code);
  post_finish(data);
}

void Handle::on_committed(int code, const void* data) {
  auto& reply = reply_of(data, code);
  const auto* call = static_cast<const Call*>(data);
  if (code == ZOK) {
    for (const auto& path : call->created) reply.created.emplace_back(path.c_str());
  } else {
    // What comes behind the one that failed is called inconsistent.
    const auto failed = std::find_if(call->results.begin(), call->results.end(),
                                     [code](const zoo_op_result_t& result) { return result.err == code; });
    if (failed != call->results.end()) {
      reply.failed_operation = static_cast<std::size_t>(failed - call->results.begin());
    }
  }
  post_finish(data);
}

void Handle::on_watch(zhandle_t* zh, int type, int state, const char* path, void* context) {
  auto handle = static_cast<Handle*>(context)->shared_from_this();
  handle->zh_ = zh;  // open() may not have returned yet
  auto& io = handle->io_;
  asio::post(io, [handle = std::move(handle), type, state, changed = std::string(path == nullptr ? "" : path)] {
    handle->on_event_(handle, type, state, changed);
  });
}

}  // namespace common::zookeeper
