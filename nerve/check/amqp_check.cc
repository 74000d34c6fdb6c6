#include "nerve/check/amqp_check.h"

#include <atomic>
#include <cstring>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/config/reader.h"
#include "common/foreign_words.h"
#include "common/registration/validate.h"
#include "common/runtime/blocking_pool.h"
#include "nerve/check/amqp_conversation.h"
#include "nerve/check/datasource.h"

namespace nerve {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kDatasource = "amqp://{{.Username}}:{{.Password}}@{{.Host}}:{{.Port}}/{{.Vhost}}";
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

}  // namespace

// Shared by the check and the pool's thread.
struct AmqpCheck::Job {
  std::shared_ptr<const AmqpLibrary> library;
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
    failure = hold_amqp_conversation(*library, std::exchange(socket, -1), url, queue, deadline);
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
  auto library = load_amqp_library();
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
