#include "common/admin/routes.h"

#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/digits.h"

namespace common {
namespace {

using http::Arguments;
using http::error_response;
using http::Request;
using http::Respond;
using Json = nlohmann::ordered_json;

std::string text_in(const Request& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? "" : found->second;
}

Json object_of(const Transition& transition, const std::string& part) {
  Json object{{"time", rfc3339(transition.time)}, {"service", transition.service}, {"what", transition.what}};
  if (!transition.router.empty()) object["router"] = transition.router;
  if (!transition.part.empty()) object[part] = transition.part;
  object["old"] = transition.old_value;
  object["new"] = transition.new_value;
  object["reason"] = transition.reason;
  return object;
}

}  // namespace

http::Handler events_route(const EventLog& events, std::string part) {
  return [&events, part = std::move(part)](const Request& request, const Arguments&, const Respond& respond) {
    const auto limit = text_in(request, "limit");
    const auto count = limit.empty() ? events.capacity() : number_in<std::size_t>(limit);
    if (!count) return respond(error_response(400, "limit must be a whole number, got \"" + limit + "\""));
    Json list = Json::array();
    for (const auto* transition : events.last(*count, text_in(request, "service"))) {
      list.push_back(object_of(*transition, part));
    }
    // Names and the words of others need not be UTF-8.
    respond({.status = 200, .body = list.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"});
  };
}

http::Handler text_route(std::function<std::string()> text, std::string content_type) {
  return [text = std::move(text), content_type = std::move(content_type)](const Request&, const Arguments&,
                                                                          const Respond& respond) {
    respond({.status = 200, .body = text(), .content_type = content_type});
  };
}

}  // namespace common
