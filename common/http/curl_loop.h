// libcurl's multi interface, driven by the loop: the loop waits for curl's sockets and for its one timer. Owned by
// Client and by the transfers under way. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/http/curl_api.h"
#include "common/result.h"

namespace common::http {

class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
 public:
  [[nodiscard]] static Result<std::shared_ptr<CurlLoop>> make(boost::asio::io_context& io);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  const CurlApi& api() const { return api_; }

  // Starts a transfer. `on_end` is called once, later, unless it is removed before. It must not start or remove
  // transfers itself.
  [[nodiscard]] Result<void> add(CURL* easy, std::function<void(CURLcode)> on_end);
  void remove(CURL* easy);

 private:
  // A socket of curl's, which stays its owner.
  struct Watched {
    explicit Watched(boost::asio::io_context& io) : descriptor(io) {}
    boost::asio::posix::stream_descriptor descriptor;
    int wanted = CURL_POLL_NONE;
    bool awaits_in = false;
    bool awaits_out = false;
  };

  CurlLoop(boost::asio::io_context& io, const CurlApi& api);

  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* watched);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);
  void watch(curl_socket_t socket, int what);
  void unwatch(curl_socket_t socket);
  void await(const std::shared_ptr<Watched>& watched);
  void await(const std::shared_ptr<Watched>& watched, int event, bool Watched::*awaits);
  void act(curl_socket_t socket, int events);

  boost::asio::io_context& io_;
  const CurlApi api_;
  CURLM* const multi_;
  boost::asio::steady_timer timer_;
  std::map<curl_socket_t, std::shared_ptr<Watched>> sockets_;
  std::map<CURL*, std::function<void(CURLcode)>> transfers_;
};

}  // namespace common::http
