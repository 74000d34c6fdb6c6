#include "common/http/curl_loop.h"

#include <utility>

#include "common/telemetry/log.h"

namespace common::http {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

Result<std::shared_ptr<CurlLoop>> CurlLoop::make(asio::io_context& io) {
  const auto api = CurlApi::load();
  if (!api) return api.error();
  std::shared_ptr<CurlLoop> loop(new CurlLoop(io, *api));
  if (loop->multi_ == nullptr) return fail("libcurl has no memory");
  return loop;
}

CurlLoop::CurlLoop(asio::io_context& io, const CurlApi& api)
    : io_(io), api_(api), multi_(api.multi_init()), timer_(io) {
  if (multi_ == nullptr) return;
  api_.multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
  api_.multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  api_.multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
  api_.multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

CurlLoop::~CurlLoop() {
  if (multi_ != nullptr) api_.multi_cleanup(multi_);
  for (const auto& [socket, watched] : sockets_) watched->descriptor.release();
}

Result<void> CurlLoop::add(CURL* easy, std::function<void(CURLcode)> on_end) {
  transfers_[easy] = std::move(on_end);
  const CURLMcode code = api_.multi_add_handle(multi_, easy);
  if (code == CURLM_OK) return {};
  transfers_.erase(easy);
  return fail(std::string("libcurl cannot begin: ") + api_.multi_strerror(code));
}

void CurlLoop::remove(CURL* easy) {
  if (transfers_.erase(easy) > 0) api_.multi_remove_handle(multi_, easy);
}

int CurlLoop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto& loop = *static_cast<CurlLoop*>(self);
  if (what == CURL_POLL_REMOVE) {
    loop.unwatch(socket);
  } else {
    loop.watch(socket, what);
  }
  return 0;
}

int CurlLoop::on_timer(CURLM*, long timeout_ms, void* self) {
  auto& loop = *static_cast<CurlLoop*>(self);
  if (timeout_ms < 0) {
    loop.timer_.cancel();
    return 0;
  }
  // Zero, too, only later: curl must not be called from within its callback.
  loop.timer_.expires_after(std::chrono::milliseconds(timeout_ms));
  loop.timer_.async_wait([weak = loop.weak_from_this()](const boost::system::error_code& cancelled) {
    const auto alive = weak.lock();
    if (alive && !cancelled) alive->act(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

void CurlLoop::watch(curl_socket_t socket, int what) {
  auto& watched = sockets_[socket];
  if (!watched) {
    watched = std::make_shared<Watched>(io_);
    boost::system::error_code error;
    watched->descriptor.assign(socket, error);
    if (error) log::error("cannot wait for a socket of libcurl: {}", error.message());
  }
  watched->wanted = what;
  await(watched);
}

void CurlLoop::unwatch(curl_socket_t socket) {
  const auto found = sockets_.find(socket);
  if (found == sockets_.end()) return;
  found->second->wanted = CURL_POLL_NONE;
  if (found->second->descriptor.is_open()) found->second->descriptor.release();
  sockets_.erase(found);
}

void CurlLoop::await(const std::shared_ptr<Watched>& watched) {
  if (!watched->descriptor.is_open()) return;
  if ((watched->wanted & CURL_POLL_IN) != 0) await(watched, CURL_CSELECT_IN, &Watched::awaits_in);
  if ((watched->wanted & CURL_POLL_OUT) != 0) await(watched, CURL_CSELECT_OUT, &Watched::awaits_out);
}

void CurlLoop::await(const std::shared_ptr<Watched>& watched, int event, bool Watched::*awaits) {
  if ((*watched).*awaits) return;
  (*watched).*awaits = true;
  const bool in = event == CURL_CSELECT_IN;
  watched->descriptor.async_wait(
      in ? stream_descriptor::wait_read : stream_descriptor::wait_write,
      [weak = weak_from_this(), watched, event, awaits, in](const boost::system::error_code& error) {
        (*watched).*awaits = false;
        const auto alive = weak.lock();
        // What was on its way when curl lost interest is no event any more.
        if (!alive || error || (watched->wanted & (in ? CURL_POLL_IN : CURL_POLL_OUT)) == 0) return;
        alive->act(watched->descriptor.native_handle(), event);
        alive->await(watched);
      });
}

void CurlLoop::act(curl_socket_t socket, int events) {
  int running = 0;
  api_.multi_socket_action(multi_, socket, events, &running);
  int left = 0;
  while (const CURLMsg* message = api_.multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    if (const auto ended = transfers_.find(message->easy_handle); ended != transfers_.end()) {
      ended->second(message->data.result);
    }
  }
}

}  // namespace common::http
