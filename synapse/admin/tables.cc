#include "synapse/admin/tables.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "common/admin/json_fields.h"
#include "common/admin/table.h"
#include "common/registration/validate.h"

namespace synapse {
namespace {

using common::fail;
using common::flag_at;
using common::number_at;
using common::Result;
using common::table;
using common::table_cell;
using common::TableRow;
using common::text_at;
using Json = nlohmann::json;

constexpr std::size_t kStateColumn = 1;

std::string_view colour_of(std::string_view state) {
  if (state == "ok" || state == "in") return common::kGreen;
  if (state == "pending" || state == "stale" || state == "kept" || state == "held" || state == "waiting" ||
      state == "surplus" || state == "default" || state == "defaulted" || state == "draining") {
    return common::kYellow;
  }
  return common::kRed;
}

std::string coloured_table(const TableRow& titles, std::vector<TableRow> rows, bool colours) {
  const common::TableColours by_state{kStateColumn, colour_of};
  return table(titles, std::move(rows), colours ? &by_state : nullptr);
}

// Nothing when it is no list of objects that tell of services.
Result<Json> services_in(std::string_view body) {
  auto json = Json::parse(body, nullptr, false);
  const auto is_service = [](const Json& value) { return value.is_object() && value.contains("service"); };
  if (!json.is_array() || !std::all_of(json.begin(), json.end(), is_service)) return fail("the answer is no status");
  return json;
}

Json part(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? Json() : *found;
}

// The objects of a list; none when it is not there.
std::vector<Json> objects_at(const Json& object, const char* key) {
  std::vector<Json> objects;
  const auto list = part(object, key);
  if (!list.is_array()) return objects;
  for (const auto& each : list) {
    if (each.is_object()) objects.push_back(each);
  }
  return objects;
}

// 5 s, 3 min, 2 h
std::string duration(std::int64_t seconds) {
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h", seconds / 3600);
}

std::string age_of(const Json& service) {
  const auto age = part(service, "ageSeconds");
  return age.is_number() ? duration(number_at(service, "ageSeconds")) : "";
}

bool is_served(const Json& service) {
  return flag_at(service, "ready") && number_at(service, "inService") > 0;
}

std::string router_of(const Json& service) {
  return text_at(part(service, "router"), "place");
}

TableRow service_row(const Json& service) {
  return {text_at(service, "service"),
          text_at(service, "state"),
          fmt::format("{}/{}", number_at(service, "inService"), number_at(service, "wanted")),
          age_of(service),
          router_of(service),
          text_at(service, "trouble")};
}

std::string place_of(const Json& object, const char* host) {
  const auto address = text_at(object, host);
  if (address.empty()) return "";
  return address.starts_with('/') ? address : common::host_port(address, static_cast<int>(number_at(object, "port")));
}

TableRow server_row(const Json& server) {
  const auto wanted = part(server, "wanted");
  const auto has = part(server, "has");
  std::string weight = wanted.is_object() ? std::to_string(number_at(wanted, "weight")) : "";
  if (has.is_object() && wanted.is_object() && flag_at(server, "in") &&
      number_at(has, "weight") != number_at(wanted, "weight")) {
    weight = fmt::format("{}/{}", number_at(has, "weight"), weight);
  }
  return {text_at(server, "name"), text_at(server, "kind"), weight,
          wanted.is_object() ? place_of(wanted, "host") : place_of(has, "address"), text_at(server, "why")};
}

TableRow out_row(const Json& server) {
  const auto name = text_at(server, "name");
  const auto weight = part(server, "weight");
  return {name.empty() ? text_at(server, "record") : name, text_at(server, "kind"),
          weight.is_number() ? std::to_string(number_at(server, "weight")) : "", text_at(server, "address"),
          text_at(server, "why")};
}

// A record that is left out may still have its server in the output, which says all there is to say.
std::vector<TableRow> server_rows(const Json& service) {
  std::vector<TableRow> rows;
  std::set<std::string> shown;
  for (const auto& server : objects_at(service, "servers")) {
    rows.push_back(server_row(server));
    if (!part(server, "wanted").is_object()) shown.insert(text_at(server, "name"));
  }
  for (const auto* list : {"leftOut", "gone"}) {
    for (const auto& server : objects_at(service, list)) {
      if (!shown.contains(text_at(server, "name"))) rows.push_back(out_row(server));
    }
  }
  return rows;
}

std::string line(const char* title, const std::string& text) {
  return fmt::format("{:<8} {}\n", title, table_cell(text));
}

std::string paragraph(const Json& service) {
  const auto source = part(service, "source");
  const auto path = text_at(source, "path");
  std::string from = path.empty() ? text_at(source, "words") : text_at(source, "type") + " " + path;
  if (const auto age = age_of(service); !age.empty()) from += ", confirmed " + age + " ago";
  std::string text = line("service", text_at(service, "service")) + line("state", text_at(service, "state")) +
                     line("router", router_of(service)) + line("source", from);
  text += line("servers", fmt::format("{} of {} in; the source says {} available, {} unavailable",
                                      number_at(service, "inService"), number_at(service, "wanted"),
                                      number_at(service, "available"), number_at(service, "unavailable")));
  if (!text_at(service, "trouble").empty()) text += line("trouble", text_at(service, "trouble"));
  return text;
}

}  // namespace

Result<Shown> services_table(std::string_view body, bool colours) {
  const auto services = services_in(body);
  if (!services) return services.error();
  Shown shown{.text = "", .good = std::all_of(services->begin(), services->end(), is_served)};
  std::vector<TableRow> rows;
  for (const auto& service : *services) rows.push_back(service_row(service));
  shown.text = coloured_table({"SERVICE", "STATE", "IN/WANTED", "AGE", "ROUTER", "TROUBLE"}, std::move(rows), colours);
  return shown;
}

Result<Shown> servers_table(std::string_view body, bool colours) {
  const auto services = services_in(body);
  if (!services) return services.error();
  Shown shown{.text = "", .good = std::all_of(services->begin(), services->end(), is_served)};
  for (const auto& service : *services) {
    if (!shown.text.empty()) shown.text += "\n";
    shown.text += paragraph(service) + "\n" +
                  coloured_table({"SERVER", "STATE", "WEIGHT", "ADDRESS", "WHY"}, server_rows(service), colours);
  }
  return shown;
}

Result<Shown> differences_table(std::string_view body) {
  const auto services = services_in(body);
  if (!services) return services.error();
  if (services->empty()) return Shown{.text = "no difference\n", .good = true};
  Shown shown{.text = "", .good = false};
  std::vector<TableRow> rows;
  for (const auto& service : *services) {
    const auto name = text_at(service, "service");
    if (!text_at(service, "unknown").empty())
      rows.push_back({name, "", "unknown", "", "", text_at(service, "unknown")});
    for (const auto& each : objects_at(service, "differences")) {
      rows.push_back({name, text_at(each, "server"), text_at(each, "what"), text_at(each, "wanted"),
                      text_at(each, "has"), text_at(each, "why")});
    }
  }
  shown.text = table({"SERVICE", "SERVER", "WHAT", "WANTED", "HAS", "WHY"}, std::move(rows), nullptr);
  return shown;
}

Result<Shown> explained(std::string_view body) {
  const auto services = services_in(body);
  if (!services || services->empty()) return fail("the answer is no explanation");
  Shown shown;
  for (const auto& service : *services) {
    const bool in = flag_at(service, "in");
    shown.good = shown.good && in;
    if (services->size() > 1) shown.text += table_cell(router_of(service)) + ": ";
    shown.text += std::string(in ? "in" : "out") + ": " + table_cell(text_at(service, "why")) + "\n";
  }
  return shown;
}

}  // namespace synapse
