#include "common/http/client.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string_view>
#include <utility>

#include "common/foreign_words.h"
#include "common/http/curl_loop.h"
#include "common/http/shown_url.h"
#include "common/http/transfer.h"
#include "common/registration/validate.h"
#include "common/runtime/resolver.h"

namespace common::http {
namespace {

namespace asio = boost::asio;

struct Url {
  std::string scheme;
  std::string host;  // without the brackets of an IPv6 address
  int port = 0;
  std::string shown;  // without user, password and query

  bool same_server(const Url& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
};

std::string part_of(const CurlApi& api, CURLU* handle, CURLUPart part) {
  char* text = nullptr;
  if (api.url_get(handle, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  std::string result = text;
  api.free(text);
  return result;
}

Result<Url> parse_url(const CurlApi& api, const std::string& text) {
  const std::unique_ptr<CURLU, decltype(api.url_cleanup)> handle(api.url(), api.url_cleanup);
  if (api.url_set(handle.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return fail("not a URL");
  Url url;
  url.scheme = part_of(api, handle.get(), CURLUPART_SCHEME);
  if (url.scheme != "http" && url.scheme != "https") return fail("neither http nor https");
  url.host = part_of(api, handle.get(), CURLUPART_HOST);
  if (url.host.starts_with('[')) url.host = url.host.substr(1, url.host.size() - 2);
  const std::string port = part_of(api, handle.get(), CURLUPART_PORT);
  std::from_chars(port.data(), port.data() + port.size(), url.port);
  api.url_set(handle.get(), CURLUPART_USER, nullptr, 0);
  api.url_set(handle.get(), CURLUPART_PASSWORD, nullptr, 0);
  char* shown = nullptr;
  if (api.url_get(handle.get(), CURLUPART_URL, &shown, 0) == CURLUE_OK) {
    url.shown = foreign_words(without_query(shown));
    api.free(shown);
  }
  return url;
}

// Secrets are for the server that they were meant for.
void leave_server(ClientRequest& request) {
  for (auto header = request.headers.begin(); header != request.headers.end();) {
    const std::string_view name = header->first;
    const auto is = [&](std::string_view other) {
      return std::equal(name.begin(), name.end(), other.begin(), other.end(),
                        [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    };
    header = is("authorization") || is("cookie") || is("host") ? request.headers.erase(header) : std::next(header);
  }
  request.at_host.clear();
  request.unix_socket.clear();
}

// RFC 9110, section 15.4, and what browsers do with a POST.
void follow(ClientRequest& request, const std::string& url, int status) {
  const bool becomes_get = status == 303 || ((status == 301 || status == 302) && request.method == "POST");
  if (becomes_get && request.method != "HEAD") {
    request.method = "GET";
    request.body.clear();
  }
  request.url = url;
  request.target.clear();
}

}  // namespace

class Client::Core {
 public:
  Core(asio::io_context& io, Resolver& resolver) : io_(io), resolver_(resolver) {}

  asio::io_context& io() { return io_; }

  // Tried again each time: the library may be installed meanwhile.
  Result<std::shared_ptr<CurlLoop>> loop() {
    if (loop_) return loop_;
    auto made = CurlLoop::make(io_);
    if (made) loop_ = *made;
    return made;
  }

  // The one name that libcurl has to know, as it wants it; empty when there is none.
  asio::awaitable<Result<std::string>> known_name(const ClientRequest& request, const Url& url) {
    if (!request.unix_socket.empty()) co_return std::string();
    const bool by_proxy = !request.proxy.host.empty();
    const std::string& name = by_proxy ? request.proxy.host : url.host;
    const int port = by_proxy ? request.proxy.port : url.port;
    const bool elsewhere = !by_proxy && !request.at_host.empty();
    const std::string& host = elsewhere ? request.at_host : name;
    if (is_ip_address(name) && name == host) co_return std::string();
    const auto addresses = co_await resolver_.resolve(host, request.prefer_ipv4);
    if (!addresses) co_return addresses.error();
    std::string known;
    for (const auto& address : *addresses) known += (known.empty() ? "" : ",") + address.to_string();
    // With the plus libcurl forgets it again.
    co_return "+" + name + ":" + std::to_string(port) + ":" + known;
  }

 private:
  asio::io_context& io_;
  Resolver& resolver_;
  std::shared_ptr<CurlLoop> loop_;
};

Client::Client(asio::io_context& io, Resolver& resolver) : core_(std::make_shared<Core>(io, resolver)) {}
Client::~Client() = default;

asio::awaitable<Result<ClientAnswer>> Client::exchange(ClientRequest request) {
  const auto core = core_;
  const auto loop = core->loop();
  if (!loop) co_return loop.error();
  auto url = parse_url((*loop)->api(), request.url);
  if (!url) co_return fail("cannot ask " + foreign_words(without_query(request.url)) + ": " + url.error().message);

  std::string came_from;
  for (int redirects = 0;; ++redirects) {
    TransferFailure names;
    names.target = request.target.empty() ? url->shown : request.target;
    names.ca_file = request.ca_file;
    names.peer = host_port(request.at_host.empty() ? url->host : request.at_host, url->port);
    if (!request.unix_socket.empty()) names.peer = request.unix_socket;
    if (!request.proxy.host.empty()) names.peer = "proxy " + host_port(request.proxy.host, request.proxy.port);

    const auto known = co_await core->known_name(request, *url);
    if (!known) co_return fail(came_from + known.error().message);
    Transfer transfer(core->io(), *loop, names);
    auto answer = co_await transfer.run(request, *known);
    if (!answer) co_return fail(came_from + answer.error().message);
    const std::string next = request.max_redirects > 0 ? transfer.redirect() : "";
    if (next.empty()) co_return answer;

    if (came_from.empty()) came_from = names.target + " redirects: ";
    if (redirects == request.max_redirects) {
      co_return fail(came_from + "more than " + std::to_string(request.max_redirects) + " times");
    }
    auto to = parse_url((*loop)->api(), next);
    if (!to)
      co_return fail(came_from + "to " + foreign_words(without_query(next)) + ", which is " + to.error().message);
    if (!to->same_server(*url)) leave_server(request);
    follow(request, next, answer->status);
    url = std::move(to);
  }
}

}  // namespace common::http
