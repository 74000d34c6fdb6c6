#include "nerve/api.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace nerve {
namespace {

using common::http::Arguments;
using common::http::error_response;
using common::http::Handler;
using common::http::query_flag;
using common::http::Request;
using common::http::Respond;
using common::http::Response;
using Json = nlohmann::ordered_json;

Json to_json(const Service& service) {
  static constexpr const char* modes[] = {"enabled", "disabled", "forced"};
  const ServiceStatus status = service.status();
  return {{"Name", status.name},
          {"Host", status.host},
          {"Port", status.port},
          {"Status", modes[static_cast<int>(status.mode)]},
          {"MaxWeight", status.max_weight},
          {"CurrentWeight", status.current_weight},
          {"Available", status.available}};
}

std::string text_of(const Json& json) {
  // A service's name need not be UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Response one_status(const Service& service) {
  return {.status = 200, .body = text_of(to_json(service))};
}

Response all_statuses(const Services& services) {
  Json list = Json::array();
  for (const auto& service : services) list.push_back(to_json(*service));
  return {.status = 200, .body = text_of(list)};
}

// 1..255, digits only.
std::optional<int> parse_weight(const std::string& text) {
  int weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (error != std::errc() || end != text.data() + text.size() || weight < 1 || weight > 255) return std::nullopt;
  return weight;
}

Response bad_weight(const std::string& text) {
  return error_response(400, "weight must be a whole number from 1 to 255, got \"" + text + "\"");
}

constexpr std::string_view kInterrupted = "interrupted before the disabling was over, by an enable or by nerve's end";
constexpr std::string_view kStopping = "nerve is stopping";

using ForOne = void (*)(Service& service, const Request& request, const Arguments& arguments, const Respond& respond);
using ForAll = void (*)(Services& services, const Request& request, const Arguments& arguments, const Respond& respond);

// A handler that finds the service of ":name" first.
Handler for_one(Services& services, ForOne act) {
  return [&services, act](const Request& request, const Arguments& arguments, const Respond& respond) {
    const auto& name = arguments.at("name");
    const auto found =
        std::find_if(services.begin(), services.end(), [&](const auto& service) { return service->name() == name; });
    if (found == services.end()) return respond(error_response(404, "there is no service \"" + name + "\""));
    act(**found, request, arguments, respond);
  };
}

Handler for_all(Services& services, ForAll act) {
  return [&services, act](const Request& request, const Arguments& arguments, const Respond& respond) {
    act(services, request, arguments, respond);
  };
}

void status_of_one(Service& service, const Request&, const Arguments&, const Respond& respond) {
  Response response = one_status(service);
  if (!service.status().available) response.status = 503;
  respond(std::move(response));
}

void disable_one(Service& service, const Request& request, const Arguments&, const Respond& respond) {
  service.disable(query_flag(request, "shutdown"), [&service, respond](bool done) {
    respond(done ? one_status(service) : error_response(409, kInterrupted));
  });
}

void enable_one(Service& service, const Request& request, const Arguments&, const Respond& respond) {
  const bool enabled = service.enable(query_flag(request, "force"));
  respond(enabled ? one_status(service) : error_response(409, kStopping));
}

void set_weight_of_one(Service& service, const Request&, const Arguments& arguments, const Respond& respond) {
  const auto weight = parse_weight(arguments.at("weight"));
  if (!weight) return respond(bad_weight(arguments.at("weight")));
  service.set_weight(*weight);
  respond(one_status(service));
}

void status_of_all(Services& services, const Request&, const Arguments&, const Respond& respond) {
  Response response = all_statuses(services);
  const auto available = [](const auto& service) { return service->status().available; };
  if (!std::all_of(services.begin(), services.end(), available)) response.status = 503;
  respond(std::move(response));
}

// Answers when the last one is over.
void disable_all(Services& services, const Request& request, const Arguments&, const Respond& respond) {
  struct Pending {
    std::size_t count = 1;  // ourselves, until all have been asked
    bool done = true;
  };
  const auto pending = std::make_shared<Pending>();
  const auto one_over = [&services, pending, respond](bool done) {
    pending->done = pending->done && done;
    if (--pending->count > 0) return;
    respond(pending->done ? all_statuses(services) : error_response(409, kInterrupted));
  };
  for (const auto& service : services) {
    if (service->excluded_from_global_disable()) continue;
    ++pending->count;
    service->disable(query_flag(request, "shutdown"), one_over);
  }
  one_over(true);
}

void enable_all(Services& services, const Request& request, const Arguments&, const Respond& respond) {
  bool enabled = true;
  for (const auto& service : services) enabled = service->enable(query_flag(request, "force")) && enabled;
  respond(enabled ? all_statuses(services) : error_response(409, kStopping));
}

void set_weight_of_all(Services& services, const Request&, const Arguments& arguments, const Respond& respond) {
  const auto weight = parse_weight(arguments.at("weight"));
  if (!weight) return respond(bad_weight(arguments.at("weight")));
  for (const auto& service : services) service->set_weight(*weight);
  respond(all_statuses(services));
}

}  // namespace

common::http::Routes make_api(Services& services, std::string version, std::function<std::string()> metrics) {
  common::http::Routes routes;
  const auto changing = [&routes](const std::string& pattern, const Handler& handler) {
    routes.add("PUT", pattern, handler);
    routes.add("GET", pattern, handler);
  };
  changing("/services/:name/disable", for_one(services, disable_one));
  changing("/services/:name/enable", for_one(services, enable_one));
  changing("/services/:name/weight/:weight", for_one(services, set_weight_of_one));
  routes.add("GET", "/services/:name/status", for_one(services, status_of_one));
  changing("/disable", for_all(services, disable_all));
  changing("/enable", for_all(services, enable_all));
  changing("/weight/:weight", for_all(services, set_weight_of_all));
  routes.add("GET", "/status", for_all(services, status_of_all));
  routes.add("GET", "/metrics",
             [metrics = std::move(metrics)](const Request&, const Arguments&, const Respond& respond) {
               respond({.status = 200, .body = metrics(), .content_type = "text/plain; version=0.0.4; charset=utf-8"});
             });
  routes.add("GET", "/version",
             [version = std::move(version)](const Request&, const Arguments&, const Respond& respond) {
               respond({.status = 200, .body = text_of({{"name", "nerve"}, {"version", version}})});
             });
  std::string list = "GET /\n";
  for (const auto& route : routes.list()) list += route + "\n";
  routes.add("GET", "/", [list](const Request&, const Arguments&, const Respond& respond) {
    respond({.status = 200, .body = list, .content_type = "text/plain; charset=utf-8"});
  });
  return routes;
}

}  // namespace nerve
