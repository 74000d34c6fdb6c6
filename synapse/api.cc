#include "synapse/api.h"

#include <utility>

#include "common/admin/routes.h"

namespace synapse {

using common::text_route;
using common::http::Arguments;
using common::http::error_response;
using common::http::Handler;
using common::http::query_flag;
using common::http::Request;
using common::http::Respond;
using common::http::Response;
using common::http::Routes;

namespace {

using Services = std::function<std::vector<ServiceStatus>(const std::string& name)>;

Response json(std::string body) {
  return {.status = 200, .body = std::move(body)};
}

std::string text_in(const Request& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? "" : found->second;
}

// go-synapse's users get a bare true or false; who wants to know more says so.
bool wants_json(const Request& request) {
  const auto verbose = request.query.find("verbose");
  if (verbose != request.query.end()) return verbose->second.empty() || query_flag(request, "verbose");
  const auto accept = request.headers.find("accept");
  return accept != request.headers.end() && accept->second.find("application/json") != std::string::npos;
}

Handler ready_route(std::function<std::vector<MissingService>()> missing) {
  return [missing = std::move(missing)](const Request& request, const Arguments&, const Respond& respond) {
    const auto names = missing();
    Response response = json(names.empty() ? "true" : "false");
    if (wants_json(request)) response.body = readiness_json(names);
    if (!names.empty()) response.status = 503;
    respond(std::move(response));
  };
}

Handler health_route(std::function<Health()> health) {
  return [health = std::move(health)](const Request&, const Arguments&, const Respond& respond) {
    const auto findings = health();
    Response response = json(json_of(findings));
    if (!findings.problems.empty()) response.status = 503;
    respond(std::move(response));
  };
}

Response no_service(const std::string& name) {
  return error_response(404, "there is no service \"" + name + "\"");
}

// ?service=NAME&servers=false
Handler services_route(Services services) {
  return [services = std::move(services)](const Request& request, const Arguments&, const Respond& respond) {
    const auto name = text_in(request, "service");
    const auto found = services(name);
    if (found.empty() && !name.empty()) return respond(no_service(name));
    const bool with_servers = !request.query.contains("servers") || query_flag(request, "servers");
    respond(json(json_of(found, with_servers)));
  };
}

// ?router=TYPE or its place, for a name that several routers have
Handler service_route(Services services) {
  return [services = std::move(services)](const Request& request, const Arguments& arguments, const Respond& respond) {
    const auto& name = arguments.at("name");
    auto found = services(name);
    const auto router = text_in(request, "router");
    if (!router.empty()) {
      std::erase_if(found, [&](const ServiceStatus& service) {
        return service.place.router != router && service.place.place != router;
      });
    }
    if (found.empty()) return respond(no_service(name));
    if (found.size() == 1) return respond(json(json_of(found.front())));
    std::string places;
    for (const auto& each : found) places += (places.empty() ? "" : ", ") + each.place.place;
    respond(error_response(409, "several routers have a service \"" + name + "\"; add ?router= and one of: " + places));
  };
}

Handler diff_route(Services services) {
  return [services = std::move(services)](const Request&, const Arguments&, const Respond& respond) {
    respond(json(differences_json(services(""))));
  };
}

Handler explain_route(Services services, WallTime started) {
  return [services = std::move(services), started](const Request&, const Arguments& arguments, const Respond& respond) {
    const auto& name = arguments.at("service");
    const auto found = services(name);
    if (found.empty()) return respond(no_service(name));
    std::vector<Explained> explained;
    const auto now = std::chrono::system_clock::now();
    for (const auto& service : found) {
      explained.push_back({service.place, explain(service, arguments.at("server"), started, now)});
    }
    respond(json(json_of(explained)));
  };
}

}  // namespace

std::string version() {
  return "synapse " SYNAPSE_VERSION;
}

Routes api_routes(const ApiSources& sources) {
  Routes routes;
  routes.add("GET", "/ready", ready_route(sources.missing));
  routes.add("GET", "/health", health_route(sources.health));
  routes.add("GET", "/services", services_route(sources.services));
  routes.add("GET", "/services/:name", service_route(sources.services));
  routes.add("GET", "/diff", diff_route(sources.services));
  routes.add("GET", "/explain/:service/:server", explain_route(sources.services, sources.started));
  routes.add("GET", "/events", common::events_route(sources.events, "server"));
  if (sources.config) routes.add("GET", "/config", text_route(sources.config, common::kJsonType));
  routes.add("GET", "/metrics", text_route(sources.metrics, common::kMetricsType));
  routes.add("GET", "/version", text_route([] { return version() + "\n"; }, common::kPlainType));
  std::string index = version() + "\n\nGET /\n";
  for (const auto& route : routes.list()) index += route + "\n";
  routes.add("GET", "/", text_route([index] { return index; }, common::kPlainType));
  return routes;
}

}  // namespace synapse
