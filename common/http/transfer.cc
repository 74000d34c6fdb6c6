#include "common/http/transfer.h"

#include <algorithm>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/lower_case.h"
#include "common/registration/validate.h"
#include "common/trimmed.h"

namespace common::http {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxHeaderBytes = std::size_t{64} * 1024;
constexpr int kFirstFinalStatus = 200;
constexpr long kSystemCertificatesServeSeconds = 3600;

// Of "HTTP/1.1 200 OK"; 0 when it is none.
int status_of(std::string_view line) {
  const auto space = line.find(' ');
  int status = 0;
  if (space == std::string_view::npos) return status;
  for (const char c : line.substr(space + 1, 3)) {
    if (c < '0' || c > '9') return 0;
    status = status * 10 + (c - '0');
  }
  return status;
}

char* nothing() {
  return nullptr;
}

}  // namespace

Transfer::Transfer(asio::io_context& io, std::shared_ptr<CurlLoop> loop, TransferFailure failure)
    : loop_(std::move(loop)),
      api_(loop_->api()),
      easy_(api_.easy_init()),
      failure_(std::move(failure)),
      progress_(io, asio::steady_timer::time_point::max()) {}

Transfer::~Transfer() {
  if (easy_ != nullptr) {
    loop_->remove(easy_);
    api_.easy_cleanup(easy_);
  }
  api_.slist_free_all(headers_);
  api_.slist_free_all(addresses_);
}

asio::awaitable<Result<ClientAnswer>> Transfer::run(const ClientRequest& request, const std::string& known) {
  if (easy_ == nullptr || !set_up(request, known)) {
    co_return fail("libcurl does not take the request to " + failure_.target + "; install a newer libcurl4");
  }
  const auto added = loop_->add(easy_, [this](CURLcode code) {
    ended_ = code;
    progress_.cancel();
  });
  if (!added) co_return added.error();
  while (!ended_) {
    boost::system::error_code ignored;
    co_await progress_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (progress_.expiry() <= std::chrono::steady_clock::now()) break;
  }
  co_return result();
}

Result<ClientAnswer> Transfer::result() {
  long status = 0;
  api_.easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  answer_.status = static_cast<int>(status);
  answer_.target = failure_.target;
  // Once there is a header, a body that is not waited for cannot make a failure of it.
  const bool enough = body_full_ || (header_complete_ && body_may_take_.count() > 0);
  if (enough || ended_ == CURLE_OK) return std::move(answer_);
  if (header_too_long_) return fail("the answer of " + failure_.target + " has a header of more than 64 KiB");
  failure_.code = ended_.value_or(CURLE_OK);
  failure_.words = words_.data();
  if (failure_.words.empty()) failure_.words = api_.easy_strerror(failure_.code);
  long os_error = 0;
  api_.easy_getinfo(easy_, CURLINFO_OS_ERRNO, &os_error);
  failure_.os_error = static_cast<int>(os_error);
  api_.easy_getinfo(easy_, CURLINFO_HTTP_CONNECTCODE, &failure_.proxy_status);
  return fail(describe(failure_));
}

std::string Transfer::redirect() const {
  const char* url = nullptr;
  api_.easy_getinfo(easy_, CURLINFO_REDIRECT_URL, &url);
  return url == nullptr ? "" : url;
}

template <class Value>
bool Transfer::set(CURLoption option, Value value) {
  return api_.easy_setopt(easy_, option, value) == CURLE_OK;
}

bool Transfer::append(curl_slist*& list, const std::string& line) {
  curl_slist* longer = api_.slist_append(list, line.c_str());
  if (longer == nullptr) return false;
  list = longer;
  return true;
}

bool Transfer::set_up(const ClientRequest& request, const std::string& known) {
  max_body_ = request.max_body;
  body_may_take_ = request.body_may_take;
  for (const auto& [name, value] : request.headers) {
    if (!append(headers_, value.empty() ? name + ";" : name + ": " + value)) return false;
  }
  const bool tls = request.url.starts_with("https:");
  const long secure_version = request.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
  const long plain_version = request.http2 ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : CURL_HTTP_VERSION_1_1;
  return set(CURLOPT_URL, request.url.c_str()) && set(CURLOPT_PROTOCOLS_STR, "http,https") &&
         set(CURLOPT_PATH_AS_IS, 1L) && set(CURLOPT_NOSIGNAL, 1L) && set(CURLOPT_ERRORBUFFER, words_.data()) &&
         set(CURLOPT_HTTP_VERSION, tls ? secure_version : plain_version) && set_up_body(request) &&
         set(CURLOPT_HTTPHEADER, headers_) && set_up_tls(request) && set_up_route(request, known) &&
         set(CURLOPT_HEADERFUNCTION, &Transfer::on_header) && set(CURLOPT_HEADERDATA, this) &&
         set(CURLOPT_WRITEFUNCTION, &Transfer::on_body) && set(CURLOPT_WRITEDATA, this);
}

bool Transfer::set_up_body(const ClientRequest& request) {
  if (request.method == "HEAD") return set(CURLOPT_NOBODY, 1L);
  if (request.body.empty() && request.method != "POST") {
    return set(CURLOPT_HTTPGET, 1L) && set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  const bool typed = std::any_of(request.headers.begin(), request.headers.end(),
                                 [](const auto& header) { return lower_case(header.first) == "content-type"; });
  // Else libcurl calls every body a form.
  if (!typed && !append(headers_, "Content-Type:")) return false;
  return append(headers_, "Expect:") && set(CURLOPT_POST, 1L) && set(CURLOPT_POSTFIELDS, request.body.c_str()) &&
         set(CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size())) &&
         set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

bool Transfer::set_up_tls(const ClientRequest& request) {
  // libcurl does not keep what it reads of a directory, and reading all of the system's certificates takes it 25 ms.
  if (!set(CURLOPT_CAPATH, nothing())) return false;
  if (!request.verify) {
    return set(CURLOPT_SSL_VERIFYPEER, 0L) && set(CURLOPT_SSL_VERIFYHOST, 0L) && set(CURLOPT_CAINFO, nothing());
  }
  if (!set(CURLOPT_SSL_VERIFYPEER, 1L) || !set(CURLOPT_SSL_VERIFYHOST, 2L)) return false;
  if (request.ca_file.empty()) return set(CURLOPT_CA_CACHE_TIMEOUT, kSystemCertificatesServeSeconds);
  // A file of the operator's is small, and may be replaced under its name.
  return set(CURLOPT_CAINFO, request.ca_file.c_str()) && set(CURLOPT_CA_CACHE_TIMEOUT, 0L);
}

bool Transfer::set_up_route(const ClientRequest& request, const std::string& known) {
  // HTTP/2 without TLS fails on a connection that is used again.
  if (!set(CURLOPT_FRESH_CONNECT, 1L) || !set(CURLOPT_FORBID_REUSE, 1L)) return false;
  if (!known.empty() && (!append(addresses_, known) || !set(CURLOPT_RESOLVE, addresses_))) return false;
  if (!request.unix_socket.empty() && !set(CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str())) return false;
  const Proxy& proxy = request.proxy;
  // "" keeps libcurl from asking the environment.
  if (proxy.host.empty()) return set(CURLOPT_PROXY, "");
  const std::string address = "http://" + host_port(proxy.host, proxy.port);
  if (!set(CURLOPT_PROXY, address.c_str()) || !set(CURLOPT_NOPROXY, "") || !set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L)) {
    return false;
  }
  return proxy.username.empty() ||
         (set(CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC)) &&
          set(CURLOPT_PROXYUSERNAME, proxy.username.c_str()) && set(CURLOPT_PROXYPASSWORD, proxy.password.c_str()));
}

std::size_t Transfer::on_header(char* text, std::size_t, std::size_t size, void* self) {
  return static_cast<Transfer*>(self)->take_header({text, size}) ? size : 0;
}

std::size_t Transfer::on_body(char* text, std::size_t, std::size_t size, void* self) {
  return static_cast<Transfer*>(self)->take_body({text, size}) ? size : 0;
}

bool Transfer::take_header(std::string_view line) {
  if (line.starts_with("HTTP/")) {  // of the answer, perhaps after an interim one
    answer_ = {};
    answer_.status = status_of(line);
    header_bytes_ = 0;
  }
  header_bytes_ += line.size();
  header_too_long_ = header_bytes_ > kMaxHeaderBytes;
  if (header_too_long_) return false;
  if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    answer_.fields[lower_case(trimmed(line.substr(0, colon)))] = trimmed(line.substr(colon + 1));
  }
  const bool is_end = trimmed(line).empty();
  if (is_end && !header_complete_ && answer_.status >= kFirstFinalStatus) {
    header_complete_ = true;
    if (body_may_take_.count() > 0) progress_.expires_after(body_may_take_);
  }
  return true;
}

bool Transfer::take_body(std::string_view part) {
  answer_.body += part.substr(0, max_body_ - answer_.body.size());
  body_full_ = answer_.body.size() == max_body_;
  return !body_full_;
}

}  // namespace common::http
