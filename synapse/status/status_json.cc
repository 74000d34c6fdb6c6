#include "synapse/status/status_json.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/telemetry/event_log.h"

namespace synapse {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  // The words of others need not be UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json time_or_null(const std::optional<WallTime>& time) {
  return time ? Json(common::rfc3339(*time)) : Json(nullptr);
}

void add_standing(Json& object, const Standing& standing) {
  object["in"] = standing.in;
  object["kind"] = standing.kind;
  object["why"] = standing.why;
}

Json object_of(const RoutedServer& server) {
  Json object{{"record", server.child},        {"host", server.host},
              {"port", server.port},           {"weight", server.weight},
              {"available", server.available}, {"unavailableReason", server.unavailable_reason},
              {"labels", server.labels},       {"options", server.options}};
  object["backup"] = server.backup;
  object["default"] = server.is_default;
  object["registered"] = nullptr;
  if (server.created_ms > 0) {
    object["registered"] = common::rfc3339(WallTime(std::chrono::milliseconds(server.created_ms)));
  }
  return object;
}

Json object_of(const OutputServer& server) {
  return {{"address", server.address},
          {"port", server.port},
          {"weight", server.weight},
          {"state", to_string(server.mode)},
          {"note", server.note}};
}

Json object_of(const ServerStatus& server) {
  Json object{{"name", server.name}};
  add_standing(object, server.standing);
  object["wanted"] = server.wanted ? object_of(*server.wanted) : Json(nullptr);
  object["has"] = server.present ? object_of(*server.present) : Json(nullptr);
  return object;
}

Json object_of(const OutServer& server) {
  Json object{{"name", server.name}, {"record", server.record}, {"address", server.address}};
  object["weight"] = server.weight ? Json(*server.weight) : Json(nullptr);
  object["since"] = time_or_null(server.since);
  add_standing(object, server.standing);
  return object;
}

Json head_of(const ServicePlace& place) {
  return {{"service", place.service}, {"router", {{"type", place.router}, {"place", place.place}}}};
}

Json object_of(const OutputDifference& difference) {
  return {{"server", difference.server},
          {"what", difference.what},
          {"wanted", difference.wanted},
          {"has", difference.has},
          {"why", difference.why}};
}

Json object_of(const Explained& explained) {
  Json object = head_of(explained.place);
  object["server"] = explained.explanation.server;
  object["record"] = explained.explanation.record;
  object["address"] = explained.explanation.address;
  add_standing(object, explained.explanation.standing);
  return object;
}

Json object_of(const MissingService& missing) {
  return {{"service", missing.service}, {"router", missing.router}, {"why", missing.why}};
}

template <class List>
Json list_of(const List& list) {
  Json array = Json::array();
  for (const auto& each : list) array.push_back(object_of(each));
  return array;
}

Json object_of(const ServiceStatus& service, bool with_servers) {
  const auto is_wanted = [](const ServerStatus& server) { return server.wanted.has_value(); };
  Json object = head_of(service.place);
  object["state"] = to_string(service.state);
  object["proxy"] = service.place.proxy;
  object["source"] = {{"type", service.place.source},
                      {"words", service.place.words},
                      {"path", service.place.path},
                      {"hosts", service.place.hosts}};
  object["ready"] = service.ready;
  object["known"] = service.known;
  object["stale"] = service.stale;
  object["kept"] = service.kept;
  object["defaulted"] = service.defaulted;
  object["held"] = service.held;
  object["ageSeconds"] = service.age ? Json(service.age->count()) : Json(nullptr);
  object["trouble"] = service.trouble;
  object["unknown"] = service.unknown;
  object["available"] = service.available;
  object["unavailable"] = service.unavailable;
  object["wanted"] = std::count_if(service.servers.begin(), service.servers.end(), is_wanted);
  object["inService"] = service.in_service();
  object["differences"] = service.differences.size();
  object["waiting"] = service.waiting;
  if (!with_servers) return object;
  object["servers"] = list_of(service.servers);
  object["leftOut"] = list_of(service.left_out);
  object["gone"] = list_of(service.gone);
  return object;
}

// With microseconds, which is more than the clock is good for.
double rounded(double milliseconds) {
  return std::round(milliseconds * 1000) / 1000;
}

}  // namespace

std::string json_of(const std::vector<ServiceStatus>& services, bool with_servers) {
  Json list = Json::array();
  for (const auto& service : services) list.push_back(object_of(service, with_servers));
  return text_of(list);
}

std::string json_of(const ServiceStatus& service) {
  return text_of(object_of(service, true));
}

std::string differences_json(const std::vector<ServiceStatus>& services) {
  Json list = Json::array();
  for (const auto& service : services) {
    if (service.differences.empty() && service.unknown.empty()) continue;
    Json object = head_of(service.place);
    object["unknown"] = service.unknown;
    object["differences"] = list_of(service.differences);
    object["waiting"] = service.waiting;
    list.push_back(std::move(object));
  }
  return text_of(list);
}

std::string json_of(const std::vector<Explained>& explained) {
  return text_of(list_of(explained));
}

std::string readiness_json(const std::vector<MissingService>& missing) {
  return text_of({{"ready", missing.empty()}, {"missing", list_of(missing)}});
}

std::string json_of(const Health& health) {
  return text_of({{"healthy", health.problems.empty()},
                  {"problems", health.problems},
                  {"loopLateMs", rounded(health.loop_late_ms)},
                  {"loopWorstLateMs", rounded(health.loop_worst_late_ms)}});
}

}  // namespace synapse
