#include "nerve/check/proxyhttp_check.h"

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/config/reader.h"
#include "common/foreign_words.h"
#include "common/http/shown_url.h"
#include "common/registration/validate.h"
#include "common/runtime/deadline.h"
#include "nerve/check/http_expectation.h"

namespace nerve {
namespace {

namespace asio = boost::asio;
using common::http::ClientRequest;

constexpr std::size_t kMaxUrls = 20;
constexpr std::size_t kMaxReason = 1000;
constexpr std::chrono::milliseconds kBodyMayTake{100};

// Without user, password and query.
std::string shown(const std::string& given) {
  const std::string url = common::http::without_query(given);
  const auto authority = url.find("://") + 3;
  const auto end = std::min(url.find_first_of("/?#", authority), url.size());
  const auto at = url.rfind('@', end);
  return at == std::string::npos || at < authority ? url : url.substr(0, authority) + url.substr(at + 1);
}

ClientRequest proxied_request(const CheckConfig& config, const ProxyHttpOptions& options, const std::string& url) {
  ClientRequest request;
  request.url = url;
  request.target = shown(url);
  request.headers = {{"User-Agent", "nerve"}};
  request.proxy = {options.proxy_host, options.proxy_port, options.username, options.password};
  request.prefer_ipv4 = config.prefer_ipv4;
  request.verify = options.tls.verify;
  request.ca_file = options.tls.ca_file;
  request.body_may_take = std::max(std::chrono::milliseconds(1), std::min(kBodyMayTake, config.timeout / 10));
  return request;
}

std::vector<ClientRequest> requests_for(const CheckConfig& config) {
  const auto& options = std::get<ProxyHttpOptions>(config.options);
  std::vector<ClientRequest> requests;
  for (const auto& url : options.urls) requests.push_back(proxied_request(config, options, url));
  return requests;
}

// tinyproxy says 401 to a wrong password, where RFC 9110 wants 407; what it passes on has a Via.
bool proxy_wants_password(const common::http::ClientAnswer& answer) {
  if (answer.status == 407) return true;
  const auto server = answer.fields.find("server");
  return answer.status == 401 && server != answer.fields.end() && server->second.starts_with("tinyproxy") &&
         !answer.fields.contains("via");
}

// The rest is not waited for once the verdict is known.
struct StopWhenDecided {
  bool fail_on_any;

  asio::cancellation_type operator()(const std::exception_ptr& failure, const std::string& objection) const {
    const bool decides = !failure && !fail_on_any && objection.empty();
    return decides ? asio::cancellation_type::terminal : asio::cancellation_type::none;
  }
};

}  // namespace

ProxyHttpCheck::ProxyHttpCheck(const CheckConfig& config, common::http::Client& client)
    : requests_(requests_for(config)),
      fail_on_any_(std::get<ProxyHttpOptions>(config.options).fail_on_any),
      proxy_name_("proxy " + common::host_port(std::get<ProxyHttpOptions>(config.options).proxy_host,
                                               std::get<ProxyHttpOptions>(config.options).proxy_port)),
      timeout_(config.timeout),
      client_(client) {}

asio::awaitable<Answer> ProxyHttpCheck::run() {
  const auto executor = co_await asio::this_coro::executor;
  using Operation = decltype(asio::co_spawn(executor, objection_to(ClientRequest()), asio::deferred));
  std::vector<Operation> operations;
  operations.reserve(requests_.size());
  for (const auto& request : requests_) {
    operations.push_back(asio::co_spawn(executor, objection_to(request), asio::deferred));
  }
  const StopWhenDecided stop{fail_on_any_};
  auto [order, failures, objections] =
      co_await asio::experimental::make_parallel_group(std::move(operations)).async_wait(stop, asio::use_awaitable);
  std::string reason;
  bool any_passed = false;
  for (std::size_t i = 0; i < objections.size(); ++i) {
    if (failures[i]) continue;  // cancelled
    any_passed = any_passed || objections[i].empty();
    if (!objections[i].empty()) reason += (reason.empty() ? "" : "; ") + objections[i];
  }
  const bool passed = fail_on_any_ ? reason.empty() : any_passed;
  if (passed) co_return Answer{true, {}};
  co_return Answer{false, common::foreign_words("through " + proxy_name_ + ": " + reason, kMaxReason)};
}

// Why a url does not count as reachable; empty when it does.
asio::awaitable<std::string> ProxyHttpCheck::objection_to(ClientRequest request) {
  const std::string target = request.target;
  const auto answer = co_await common::with_deadline(client_.exchange(std::move(request)), timeout_);
  if (!answer) co_return "no answer from " + target + " within " + std::to_string(timeout_.count()) + " ms";
  if (!*answer) co_return answer->error().message;
  const auto& got = **answer;
  if (proxy_wants_password(got)) {
    co_return proxy_name_ + " refuses " + target + ": HTTP " + std::to_string(got.status) +
        ", it wants another user or password";
  }
  co_return HttpExpectation({}, "").objection(got.status, got.body, target);
}

void read_proxyhttp(common::ObjectReader& object, CheckConfig& config) {
  ProxyHttpOptions options;
  options.proxy_host = object.text("proxyHost", config.host);
  if (!common::is_ip_address(options.proxy_host) && !common::is_host_name(options.proxy_host)) {
    object.error("proxyHost", "must be an IP address or a host name, got " + common::quote_for_log(options.proxy_host));
  }
  options.proxy_port = static_cast<int>(object.integer("proxyPort", config.port, {1, 65535}));
  options.username = object.text("proxyUsername", "");
  options.password = object.text("proxyPassword", "");
  options.fail_on_any = object.boolean("failOnAnyUnreachable", false);
  options.tls = read_tls(object);
  for (std::string url : object.texts("urls")) {
    if (url.find("://") == std::string::npos) url.insert(0, "http://");
    const bool known_scheme = url.starts_with("http://") || url.starts_with("https://");
    const auto forbidden = [](unsigned char c) { return c <= ' ' || c == 0x7f; };
    if (!known_scheme || url.ends_with("://") || std::any_of(url.begin(), url.end(), forbidden)) {
      object.error("urls", "must be http or https urls, got " + common::quote_for_log(shown(url)));
    }
    options.urls.push_back(std::move(url));
  }
  if (options.urls.empty() || options.urls.size() > kMaxUrls) {
    object.error("urls", "must name 1 to " + std::to_string(kMaxUrls) + " urls to ask for through the proxy");
  }
  config.options = std::move(options);
}

std::unique_ptr<Check> make_proxyhttp(const CheckConfig& config, const CheckContext& context) {
  return std::make_unique<ProxyHttpCheck>(config, context.http);
}

}  // namespace nerve
