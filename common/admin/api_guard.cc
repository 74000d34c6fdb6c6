#include "common/admin/api_guard.h"

#include <string_view>
#include <unistd.h>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include "common/file/write_atomically.h"
#include "common/registration/validate.h"
#include "common/telemetry/log.h"

namespace common {
namespace {

using http::Refusal;

struct Words {
  Refusal why;
  const char* label;
  bool of_connection;
  const char* words;  // what happened, for the log; null: it is only counted
};
constexpr std::array kWords{
    Words{Refusal::full, "full", true, "no room for another client: all connections wait for the end of something"},
    Words{Refusal::displaced, "displaced", true,
          "all connections are taken: the one silent for the longest was closed"},
    Words{Refusal::slow, "slow", true, nullptr},
    Words{Refusal::malformed, "malformed", false, nullptr},
    Words{Refusal::too_large, "too_large", false, nullptr},
    Words{Refusal::foreign, "foreign", false,
          "a request for a host that is not ours, or from a web page, was refused; apiAllowedHosts can name the host"},
    Words{Refusal::unauthorized, "unauthorized", false, "a request without the right token was refused"},
};

prometheus::Family<prometheus::Counter>& counters(Metrics& metrics, const std::string& name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(metrics.registry());
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace

ApiGuard::ApiGuard(Metrics& metrics, const std::string& program) {
  static_assert(kWords.size() == kReasons);
  auto& connections = counters(metrics, program + "_api_connections_refused_total",
                               "Clients of the admin API that were turned away or cut off, by reason");
  auto& requests = counters(metrics, program + "_api_requests_refused_total",
                            "Requests to the admin API that were refused before they were looked at, by reason");
  for (const auto& [why, label, of_connection, words] : kWords) {
    reasons_.at(static_cast<std::size_t>(why)).counter =
        &(of_connection ? connections : requests).Add({{"reason", label}});
  }
}

void ApiGuard::allow(std::vector<std::string> hosts) {
  const auto resolv_conf = read_file("/etc/resolv.conf", 64 * 1024);
  rules_.allowed = std::move(hosts);
  rules_.own = http::own_hosts(host_name(), resolv_conf ? *resolv_conf : std::string());
}

http::ServerOptions ApiGuard::server_options(const std::string& api_host) {
  rules_.strict = is_loopback(api_host);
  return {.why_foreign = [this](const http::Request& request) { return http::why_foreign(request, rules_); },
          .on_refused = [this](Refusal why, const std::string& peer) { refused(why, peer); }};
}

void ApiGuard::refused(Refusal why, const std::string& peer) {
  auto& reason = reasons_.at(static_cast<std::size_t>(why));
  reason.counter->Increment();
  const auto& words = kWords.at(static_cast<std::size_t>(why));
  if (words.words == nullptr) return log::debug("admin API: {} from {}", words.label, peer);
  const auto now = MinInterval::Clock::now();
  if (reason.told.earliest(now) > now) {
    ++reason.untold;
    return;
  }
  reason.told.acted(now);
  const auto untold = std::exchange(reason.untold, 0);
  log::warn("admin API: {} (client {}{})", words.words, peer,
            untold == 0 ? "" : ", and " + std::to_string(untold) + " more since this was last said");
}

}  // namespace common
