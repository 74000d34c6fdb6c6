#include "nerve/check/amqp_check.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <string_view>
#include <sys/socket.h>
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

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/config/reader.h"
#include "common/foreign_words.h"
#include "common/registration/validate.h"
#include "common/runtime/blocking_pool.h"
#include "common/runtime/shared_library.h"
#include "nerve/check/datasource.h"

namespace nerve {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kDatasource = "amqp://{{.Username}}:{{.Password}}@{{.Host}}:{{.Port}}/{{.Vhost}}";
constexpr std::string_view kMessage = "nerve";
constexpr amqp_channel_t kChannel = 1;
// So that the check's own timeout, which has the better words, comes first.
constexpr std::chrono::milliseconds kJobMargin{100};

common::Result<AmqpUrl> read_url(const CheckConfig& config) {
  const auto& options = std::get<AmqpOptions>(config.options);
  const DatasourceFields fields{.username = options.username,
                                .password = options.password,
                                .host = config.host,
                                .port = config.port,
                                .vhost = options.vhost,
                                .timeout = config.timeout};
  const auto datasource = options.datasource.empty() ? std::string(kDatasource) : options.datasource;
  const auto url = fill_in(datasource, fields, DatasourceForm::url);
  if (!url) return url.error();
  return parse_amqp_url(*url);
}

amqp_bytes_t bytes(std::string_view text) {
  return {.len = text.size(), .bytes = const_cast<char*>(text.data())};  // librabbitmq only reads it
}

std::string_view text(const amqp_bytes_t& bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

}  // namespace

struct AmqpCheck::Library {
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

  static common::Result<std::shared_ptr<const Library>> load() {
    const auto file = common::SharedLibrary::load(NERVE_RABBITMQ_SONAME, "librabbitmq4");
    if (!file) return file.error();
    auto mq = std::make_shared<Library>();
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
    return std::shared_ptr<const Library>(std::move(mq));
  }
};

// What is said to the broker over one connection, which it owns. On a thread of the pool.
class AmqpCheck::Conversation {
 public:
  Conversation(const Library& library, int socket, Clock::time_point deadline)
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

  const Library& library_;
  amqp_connection_state_t handle_;
  Clock::time_point deadline_;
  timeval left_{};
  bool logged_in_ = false;
  std::string failure_;
};

// Shared by the check and the pool's thread.
struct AmqpCheck::Job {
  std::shared_ptr<const Library> library;
  AmqpUrl url;
  std::string queue;
  Clock::time_point deadline;
  int socket = -1;  // until the conversation owns it
  std::atomic<bool> cancelled = false;
  std::string failure;

  ~Job() {
    if (socket >= 0) ::close(socket);
  }

  void run() {
    if (cancelled) return;
    Conversation conversation(*library, std::exchange(socket, -1), deadline);
    failure = conversation.hold(url, queue);
  }
};

// That a job is over. Of the loop's thread.
struct AmqpCheck::End {
  explicit End(const asio::any_io_executor& executor) : reached(executor, asio::steady_timer::time_point::max()) {}

  asio::awaitable<void> wait() {
    boost::system::error_code ignored;
    while (!over) co_await reached.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  asio::steady_timer reached;  // cancelled then
  bool over = false;
};

AmqpCheck::AmqpCheck(const CheckConfig& config, AmqpUrl url, const CheckContext& context)
    : target_{url.host, url.port, config.prefer_ipv4},
      url_(std::move(url)),
      queue_(std::get<AmqpOptions>(config.options).queue),
      timeout_(config.timeout),
      context_(context) {
  auto library = Library::load();
  if (library) {
    library_ = *std::move(library);
  } else {
    load_error_ = library.error().message;
  }
}

AmqpCheck::~AmqpCheck() = default;

asio::awaitable<Answer> AmqpCheck::run() {
  if (!library_) co_return Answer{false, load_error_};
  const auto started = Clock::now();
  if (last_) co_await last_->wait();  // one that was cancelled
  auto socket = co_await connect(target_, context_.resolver);
  if (!socket) co_return Answer{false, socket.error().message};

  const auto job = std::make_shared<Job>();
  job->library = library_;
  job->url = url_;
  job->queue = queue_;
  job->deadline = started + timeout_ + kJobMargin;
  // The second descriptor is for hanging up on a job that waits for the broker; by then the first may be closed.
  const auto hang_up = [&job](const int* line) {
    job->cancelled = true;
    ::shutdown(*line, SHUT_RDWR);
    ::close(*line);
  };
  const int line = ::dup(socket->native_handle());
  if (line < 0) co_return Answer{false, std::string("cannot ask: ") + std::strerror(errno)};
  const std::unique_ptr<const int, decltype(hang_up)> guard(&line, hang_up);
  job->socket = socket->release();

  const auto end = std::make_shared<End>(co_await asio::this_coro::executor);
  last_ = end;
  context_.brokers.run([job] { job->run(); },
                       [end] {
                         end->over = true;
                         end->reached.cancel();
                       });
  co_await end->wait();
  if (job->failure.empty()) co_return Answer{true, {}};
  co_return Answer{false, target() + ": " + common::foreign_words(job->failure)};
}

std::string AmqpCheck::target() const {
  return "amqp at " + common::host_port(target_.host, target_.port);
}

void read_amqp(common::ObjectReader& object, CheckConfig& config) {
  AmqpOptions options;
  options.datasource = object.text("datasource", options.datasource);
  options.vhost = object.text("vhost", options.vhost);
  options.queue = object.text("queue", options.queue);
  options.username = object.text("username", options.username);
  options.password = object.text("password", options.password);
  constexpr std::size_t longest = 255;  // as AMQP writes it
  if (options.queue.size() > longest) object.error("queue", "must be at most 255 bytes long");
  config.options = std::move(options);
  const auto url = read_url(config);
  if (!url) object.error("datasource", url.error().message);
}

std::unique_ptr<Check> make_amqp(const CheckConfig& config, const CheckContext& context) {
  return std::make_unique<AmqpCheck>(config, read_url(config).value(), context);
}

}  // namespace nerve
