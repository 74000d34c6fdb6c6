#include "nerve/api_json.h"

#include <chrono>
#include <cmath>

#include <nlohmann/json.hpp>

namespace nerve {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  // A service's name and the words of others need not be UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// With microseconds, which is more than the clock is good for.
double milliseconds_of(std::chrono::steady_clock::duration duration) {
  return std::round(std::chrono::duration<double, std::micro>(duration).count()) / 1000;
}

Json object_of(const CheckStatus& check) {
  Json object{{"Type", check.type}, {"Target", check.target}, {"Up", nullptr}, {"Reason", check.reason}};
  if (check.up) object["Up"] = *check.up;
  if (check.last_latency) object["LastLatencyMs"] = milliseconds_of(*check.last_latency);
  return object;
}

Json object_of(const ReporterStatus& reporter) {
  return {{"Type", reporter.type},
          {"Connected", reporter.connected},
          {"Confirmed", reporter.confirmed},
          {"Error", reporter.error}};
}

Json object_of(const ServiceStatus& status) {
  Json checks = Json::array();
  for (const auto& check : status.checks) checks.push_back(object_of(check));
  Json reporters = Json::array();
  for (const auto& reporter : status.reporters) reporters.push_back(object_of(reporter));
  return {{"Name", status.name},
          {"Host", status.host},
          {"Port", status.port},
          {"Status", name_of(status.mode)},
          {"MaxWeight", status.max_weight},
          {"CurrentWeight", status.current_weight},
          {"Available", status.available},
          {"State", name_of(status.state)},
          {"Reason", status.reason},
          {"Checks", std::move(checks)},
          {"Reporters", std::move(reporters)}};
}

}  // namespace

std::string json_of(const ServiceStatus& status) {
  return text_of(object_of(status));
}

std::string json_of(const std::vector<ServiceStatus>& statuses) {
  Json list = Json::array();
  for (const auto& status : statuses) list.push_back(object_of(status));
  return text_of(list);
}

std::string json_of(const Liveness::Findings& findings) {
  return text_of({{"healthy", findings.problems.empty()},
                  {"problems", findings.problems},
                  {"checks", findings.checks},
                  {"loopLateMs", milliseconds_of(findings.loop.lateness)},
                  {"loopWorstLateMs", milliseconds_of(findings.loop.worst_lateness)}});
}

std::string json_of_version(const std::string& version) {
  return text_of({{"name", "nerve"}, {"version", version}});
}

}  // namespace nerve
