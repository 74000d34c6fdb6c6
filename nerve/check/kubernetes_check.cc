#include "nerve/check/kubernetes_check.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

#include "common/config/reader.h"
#include "common/digits.h"
#include "common/registration/validate.h"
#include "nerve/check/pod_readiness.h"

namespace nerve {
namespace {

constexpr std::size_t kMaxToken = std::size_t{64} * 1024;
constexpr std::size_t kMaxPod = std::size_t{1024} * 1024;

// "https://10.0.0.1:443"; empty when we are in no pod.
std::string api_server_of_environment() {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || *host == '\0' || port == nullptr) return {};
  const auto number = common::number_in<int>(port);
  if (!number) return {};
  return "https://" + common::host_port(host, *number);
}

common::Result<std::string> read_token(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return common::fail("cannot read the token in " + path + ": " + std::strerror(errno));
  std::string token(kMaxToken, '\0');
  file.read(token.data(), static_cast<std::streamsize>(token.size()));
  token.resize(static_cast<std::size_t>(file.gcount()));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) token.pop_back();
  const auto foreign = [](unsigned char c) { return c <= ' ' || c >= 0x7f; };
  if (token.empty() || token.size() == kMaxToken || std::any_of(token.begin(), token.end(), foreign)) {
    return common::fail("there is no token in " + path);
  }
  return token;
}

common::http::ClientRequest pod_request(const CheckConfig& config) {
  const auto& options = std::get<KubernetesOptions>(config.options);
  common::http::ClientRequest request;
  const std::string server = options.api_server.empty() ? api_server_of_environment() : options.api_server;
  if (server.empty()) return request;
  request.url = server + "/api/v1/namespaces/" + options.space + "/pods/" + options.pod;
  request.headers = {{"Accept", "application/json"}, {"User-Agent", "nerve"}};
  request.verify = true;
  request.ca_file = options.ca_file;
  request.max_body = kMaxPod;
  request.prefer_ipv4 = config.prefer_ipv4;
  return request;
}

// RFC 1123, as Kubernetes names things: fit for a path as it is.
bool is_object_name(const std::string& name) {
  constexpr std::size_t longest = 253;
  return !name.empty() && name.size() <= longest && name.front() != '.' &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
}

}  // namespace

KubernetesCheck::KubernetesCheck(const CheckConfig& config, common::http::Client& client)
    : options_(std::get<KubernetesOptions>(config.options)), request_(pod_request(config)), client_(client) {}

boost::asio::awaitable<Answer> KubernetesCheck::run() {
  if (request_.url.empty()) {
    co_return Answer{false,
                     "no Kubernetes API: KUBERNETES_SERVICE_HOST and _PORT are not set as in a pod; set apiServer"};
  }
  const auto token = read_token(options_.token_file);
  if (!token) co_return Answer{false, token.error().message};
  auto request = request_;
  request.headers["Authorization"] = "Bearer " + *token;
  const auto answer = co_await client_.exchange(std::move(request));
  if (!answer) co_return Answer{false, answer.error().message};
  std::string objection =
      pod_objection(answer->status, answer->body, options_.space + "/" + options_.pod, answer->target);
  const bool passed = objection.empty();
  co_return Answer{passed, std::move(objection)};
}

void read_kubernetes(common::ObjectReader& object, CheckConfig& config) {
  KubernetesOptions options;
  options.space = object.text("namespace", options.space);
  options.pod = object.required_text("podName");
  for (const auto& [key, name] : {std::pair("namespace", options.space), std::pair("podName", options.pod)}) {
    if (object.has(key) && !name.empty() && !is_object_name(name)) {
      object.error(key, "must be a name of letters, digits, '-' and '.', got " + common::quote_for_log(name));
    }
  }
  options.api_server = object.text("apiServer", options.api_server);
  while (options.api_server.ends_with('/')) options.api_server.pop_back();
  const auto authority = options.api_server.find("://");
  if (!options.api_server.empty() &&
      (!options.api_server.starts_with("https://") ||
       options.api_server.find_first_of("/@?# \t\r\n", authority + 3) != std::string::npos)) {
    // The token must not travel in the clear.
    object.error("apiServer", "must be https://host:port, got " + common::quote_for_log(options.api_server));
  }
  options.token_file = object.text("tokenFile", options.token_file);
  options.ca_file = object.text("caFile", options.ca_file);
  config.options = std::move(options);
}

std::unique_ptr<Check> make_kubernetes(const CheckConfig& config, const CheckContext& context) {
  return std::make_unique<KubernetesCheck>(config, context.http);
}

}  // namespace nerve
