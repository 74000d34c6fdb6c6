#include "synapse/saved_text.h"

#include <exception>
#include <utility>

#include <boost/algorithm/string/join.hpp>
#include <nlohmann/json.hpp>

#include "common/registration/registration.h"
#include "common/whole_number.h"

namespace synapse {
namespace {

using common::fail;
using common::Result;
using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

// What the record said, not what the service's rules made of it.
Json record_of(const RoutedServer& server) {
  common::Registration registration{.available = server.available || server.draining,
                                    .unavailable_reason = server.unavailable_reason,
                                    .host = server.host,
                                    .port = server.registered_port != 0 ? server.registered_port : server.port,
                                    .name = server.registered_name,
                                    .haproxy_server_options = boost::algorithm::join(server.options, " "),
                                    .weight = server.registered_weight,
                                    .labels = server.labels};
  return Json::parse(common::encode(registration));
}

Record record_in(const Json& entry) {
  // The name of a node that carries its record would be believed more than the record.
  return {.child = entry.at("child").get<std::string>(),
          .registration = common::decode("", entry.at("record").dump()),
          .created_ms = common::whole_number(entry.at("createdMs")),
          .created_zxid = common::whole_number(entry.at("createdZxid"))};
}

}  // namespace

std::string encode_saved(const std::string& service, const std::vector<RoutedServer>& servers,
                         const std::string& saved_at) {
  Json records = Json::array();
  for (const auto& server : servers) {
    // These are the operator's, who lists them at every start.
    if (server.is_default || server.on_socket()) continue;
    records.push_back({{"child", server.child},
                       {"createdMs", server.created_ms},
                       {"createdZxid", server.created_zxid},
                       {"record", record_of(server)}});
  }
  const Json root{{"version", kVersion}, {"service", service}, {"savedAt", saved_at}, {"records", std::move(records)}};
  return root.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<SavedService> decode_saved(std::string_view text) {
  try {
    const auto root = Json::parse(text);
    if (const auto version = common::whole_number(root.at("version")); version != kVersion) {
      return fail("is of version " + std::to_string(version) + ", this synapse knows " + std::to_string(kVersion));
    }
    SavedService saved;
    saved.saved_at = root.at("savedAt").get<std::string>();
    for (const auto& entry : root.at("records")) saved.records.push_back(record_in(entry));
    return saved;
  } catch (const std::exception& error) {
    return fail(std::string("cannot be read: ") + error.what());
  }
}

}  // namespace synapse
