// One request and its answer on a connection of its own, as libcurl's easy handle. On the frame of the coroutine that
// waits for it; going away aborts it. Loop thread only.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/http/client.h"
#include "common/http/curl_loop.h"
#include "common/http/transfer_error.h"

namespace common::http {

class Transfer {
 public:
  // `failure`: the names for the message of a failure.
  Transfer(boost::asio::io_context& io, std::shared_ptr<CurlLoop> loop, TransferFailure failure);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Once. `known`: "name:port:address,address" for the one name that is looked up, empty for none.
  boost::asio::awaitable<Result<ClientAnswer>> run(const ClientRequest& request, const std::string& known);

  // Where the answer sends us; empty when it does not.
  std::string redirect() const;

 private:
  bool set_up(const ClientRequest& request, const std::string& known);
  bool set_up_body(const ClientRequest& request);
  bool set_up_tls(const ClientRequest& request);
  bool set_up_route(const ClientRequest& request, const std::string& known);
  template <class Value>
  bool set(CURLoption option, Value value);
  bool append(curl_slist*& list, const std::string& line);

  static std::size_t on_header(char* text, std::size_t one, std::size_t size, void* self);
  static std::size_t on_body(char* text, std::size_t one, std::size_t size, void* self);
  bool take_header(std::string_view line);
  bool take_body(std::string_view part);
  Result<ClientAnswer> result();

  std::shared_ptr<CurlLoop> loop_;
  const CurlApi& api_;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  curl_slist* addresses_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> words_{};
  TransferFailure failure_;

  ClientAnswer answer_;
  std::size_t max_body_ = 0;
  std::size_t header_bytes_ = 0;
  bool body_full_ = false;
  bool header_complete_ = false;
  bool header_too_long_ = false;
  std::chrono::milliseconds body_may_take_{0};
  boost::asio::steady_timer progress_;  // cancelled at the end; due when the body has taken too long
  std::optional<CURLcode> ended_;
};

}  // namespace common::http
