#include "nerve/check/amqp_conversation.h"

#include <string_view>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_tcp_socket.h>
#endif

#include "common/runtime/shared_library.h"

namespace nerve {

struct AmqpLibrary {
  decltype(::amqp_new_connection)* new_connection = nullptr;
  decltype(::amqp_destroy_connection)* destroy_connection = nullptr;
  decltype(::amqp_tcp_socket_new)* tcp_socket_new = nullptr;
  decltype(::amqp_tcp_socket_set_sockfd)* set_socket = nullptr;
  decltype(::amqp_set_handshake_timeout)* set_handshake_timeout = nullptr;
  decltype(::amqp_set_rpc_timeout)* set_rpc_timeout = nullptr;
  decltype(::amqp_login)* login = nullptr;
  decltype(::amqp_channel_open)* channel_open = nullptr;
  decltype(::amqp_get_rpc_reply)* get_rpc_reply = nullptr;
  decltype(::amqp_queue_declare)* queue_declare = nullptr;
  decltype(::amqp_basic_publish)* basic_publish = nullptr;
  decltype(::amqp_basic_get)* basic_get = nullptr;
  decltype(::amqp_simple_wait_frame_noblock)* wait_frame = nullptr;
  decltype(::amqp_connection_close)* connection_close = nullptr;
  decltype(::amqp_error_string2)* error_string = nullptr;
};

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kMessage = "nerve";
constexpr amqp_channel_t kChannel = 1;

amqp_bytes_t bytes(std::string_view text) {
  return {.len = text.size(), .bytes = const_cast<char*>(text.data())};  // librabbitmq only reads it
}

std::string_view text(const amqp_bytes_t& bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

// What is said to the broker over one connection, which it owns.
class Conversation {
 public:
  Conversation(const AmqpLibrary& library, int socket, Clock::time_point deadline)
      : library_(library), handle_(library.new_connection()), deadline_(deadline) {
    amqp_socket_t* owner = handle_ == nullptr ? nullptr : library_.tcp_socket_new(handle_);
    if (owner == nullptr) {
      ::close(socket);
      failure_ = "out of memory";
    } else {
      library_.set_socket(owner, socket);
    }
  }
  ~Conversation() {
    if (logged_in_ && limit()) library_.connection_close(handle_, AMQP_REPLY_SUCCESS);
    if (handle_ != nullptr) library_.destroy_connection(handle_);
  }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  // Nothing when all went well, else why not.
  std::string hold(const AmqpUrl& url, const std::string& queue) {
    if (failure_.empty() && log_in(url) && open_channel() && !queue.empty()) {
      if (declare(queue) && publish(queue) && get(queue)) receive();
    }
    return failure_;
  }

 private:
  // The time that is left becomes the limit of the next call; false when there is none.
  bool limit() {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline_ - Clock::now()).count();
    if (left <= 0) return fail("no time left");
    left_ = {.tv_sec = left / 1'000'000, .tv_usec = left % 1'000'000};
    library_.set_handshake_timeout(handle_, &left_);
    library_.set_rpc_timeout(handle_, &left_);
    return true;
  }

  bool fail(std::string why) {
    if (failure_.empty()) failure_ = std::move(why);
    return false;
  }

  // The broker's own words when it closed the channel or the connection.
  bool judge(const amqp_rpc_reply_t& reply, const char* what) {
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return true;
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION) {
      if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        return fail(std::string(text(static_cast<amqp_connection_close_t*>(reply.reply.decoded)->reply_text)));
      }
      if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        return fail(std::string(text(static_cast<amqp_channel_close_t*>(reply.reply.decoded)->reply_text)));
      }
      return fail(std::string("cannot ") + what + ": an answer that makes no sense");
    }
    return judge(reply.library_error, what);
  }
  bool judge(int status, const char* what) {
    if (status == AMQP_STATUS_OK) return true;
    return fail(std::string("cannot ") + what + ": " + library_.error_string(status));
  }

  bool log_in(const AmqpUrl& url) {
    if (!limit()) return false;
    const auto reply = library_.login(handle_, url.vhost.c_str(), 0, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN,
                                      url.username.c_str(), url.password.c_str());
    logged_in_ = judge(reply, "log in");
    return logged_in_;
  }
  bool open_channel() {
    if (!limit()) return false;
    library_.channel_open(handle_, kChannel);
    return judge(library_.get_rpc_reply(handle_), "open a channel");
  }
  bool declare(const std::string& queue) {
    if (!limit()) return false;
    library_.queue_declare(handle_, kChannel, bytes(queue), 0, 0, 0, 0, amqp_table_t{});
    return judge(library_.get_rpc_reply(handle_), "declare the queue");
  }
  bool publish(const std::string& queue) {
    if (!limit()) return false;
    const auto status =
        library_.basic_publish(handle_, kChannel, amqp_bytes_t{}, bytes(queue), 0, 0, nullptr, bytes(kMessage));
    return judge(status, "publish a message");
  }
  bool get(const std::string& queue) {
    if (!limit()) return false;
    const auto reply = library_.basic_get(handle_, kChannel, bytes(queue), 1);
    if (!judge(reply, "get the message back")) return false;
    if (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD) return fail("the message did not arrive in the queue");
    return true;
  }

  // Frame by frame: the queue may hold somebody else's message, of any size.
  bool receive() {
    amqp_frame_t frame;
    if (!next(frame)) return false;
    const bool expected =
        frame.frame_type == AMQP_FRAME_HEADER && frame.payload.properties.body_size == kMessage.size();
    if (!expected) return fail("the queue holds somebody else's message");
    if (!next(frame)) return false;
    const bool same = frame.frame_type == AMQP_FRAME_BODY && text(frame.payload.body_fragment) == kMessage;
    return same || fail("the queue holds somebody else's message");
  }
  bool next(amqp_frame_t& frame) {
    return limit() && judge(library_.wait_frame(handle_, &frame, &left_), "get the message back");
  }

  const AmqpLibrary& library_;
  amqp_connection_state_t handle_;
  Clock::time_point deadline_;
  timeval left_{};
  bool logged_in_ = false;
  std::string failure_;
};

}  // namespace

common::Result<std::shared_ptr<const AmqpLibrary>> load_amqp_library() {
  const auto file = common::SharedLibrary::load(NERVE_RABBITMQ_SONAME, "librabbitmq4");
  if (!file) return file.error();
  auto mq = std::make_shared<AmqpLibrary>();
  const bool complete =
      file->find("amqp_new_connection", mq->new_connection) &&
      file->find("amqp_destroy_connection", mq->destroy_connection) &&
      file->find("amqp_tcp_socket_new", mq->tcp_socket_new) &&
      file->find("amqp_tcp_socket_set_sockfd", mq->set_socket) &&
      file->find("amqp_set_handshake_timeout", mq->set_handshake_timeout) &&
      file->find("amqp_set_rpc_timeout", mq->set_rpc_timeout) && file->find("amqp_login", mq->login) &&
      file->find("amqp_channel_open", mq->channel_open) && file->find("amqp_get_rpc_reply", mq->get_rpc_reply) &&
      file->find("amqp_queue_declare", mq->queue_declare) && file->find("amqp_basic_publish", mq->basic_publish) &&
      file->find("amqp_basic_get", mq->basic_get) && file->find("amqp_simple_wait_frame_noblock", mq->wait_frame) &&
      file->find("amqp_connection_close", mq->connection_close) && file->find("amqp_error_string2", mq->error_string);
  if (!complete) {
    return common::fail("this " NERVE_RABBITMQ_SONAME " lacks a function; install librabbitmq4 of this system");
  }
  return std::shared_ptr<const AmqpLibrary>(std::move(mq));
}

std::string hold_amqp_conversation(const AmqpLibrary& library, int socket, const AmqpUrl& url, const std::string& queue,
                                   std::chrono::steady_clock::time_point deadline) {
  Conversation conversation(library, socket, deadline);
  return conversation.hold(url, queue);
}

}  // namespace nerve
