#include "synapse/api.h"

#include <utility>

namespace synapse {

using common::http::Arguments;
using common::http::Request;
using common::http::Respond;
using common::http::Routes;

namespace {

constexpr auto kText = "text/plain; charset=utf-8";

}  // namespace

std::string version() {
  return "synapse " SYNAPSE_VERSION;
}

Routes api_routes(ApiSources sources) {
  Routes routes;
  routes.add(
      "GET", "/ready",
      [not_ready = std::move(sources.not_ready)](const Request&, const Arguments&, const Respond& respond) {
        const bool ready = not_ready().empty();
        respond({.status = ready ? 200 : 503, .body = ready ? "true" : "false", .content_type = "application/json"});
      });
  routes.add("GET", "/metrics",
             [metrics = std::move(sources.metrics)](const Request&, const Arguments&, const Respond& respond) {
               respond({.status = 200, .body = metrics(), .content_type = "text/plain; version=0.0.4; charset=utf-8"});
             });
  routes.add("GET", "/version", [](const Request&, const Arguments&, const Respond& respond) {
    respond({.status = 200, .body = version() + "\n", .content_type = kText});
  });
  std::string index = version() + "\n\nGET /\n";
  for (const auto& route : routes.list()) index += route + "\n";
  routes.add("GET", "/", [index](const Request&, const Arguments&, const Respond& respond) {
    respond({.status = 200, .body = index, .content_type = kText});
  });
  return routes;
}

}  // namespace synapse
