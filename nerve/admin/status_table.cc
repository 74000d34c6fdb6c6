#include "nerve/admin/status_table.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "common/admin/json_fields.h"
#include "common/admin/table.h"
#include "common/registration/validate.h"

namespace nerve {
namespace {

using Json = nlohmann::json;
using Row = common::TableRow;
using common::number_at;
using common::text_at;

constexpr std::size_t kStateColumn = 1;

// What is wrong with the first reporter with which something is; empty when nothing is.
std::string reporter_trouble(const Json& reporter) {
  if (!reporter.is_object()) return "";
  const auto is = [&](const char* key) { return reporter.value(key, Json(true)) != Json(false); };
  const std::string error = text_at(reporter, "Error");
  if (!is("Confirmed")) return "not confirmed" + (error.empty() ? "" : ": " + error);
  return is("Connected") ? "" : "not connected; what was confirmed last stands";
}

std::string reporters_trouble(const Json& service) {
  const auto reporters = service.find("Reporters");
  if (reporters == service.end() || !reporters->is_array()) return "";
  for (const auto& reporter : *reporters) {
    const auto trouble = reporter_trouble(reporter);
    if (!trouble.empty()) return text_at(reporter, "Type") + ": " + trouble;
  }
  return "";
}

Row reporter_row(const Json& reporter) {
  const std::string trouble = reporter_trouble(reporter);
  return {text_at(reporter, "Type"), trouble.empty() ? "confirmed" : trouble.substr(0, trouble.find_first_of(":;")),
          text_at(reporter, "Error")};
}

Row service_row(const Json& service) {
  const auto now = number_at(service, "CurrentWeight");
  const auto full = number_at(service, "MaxWeight");
  std::string state = text_at(service, "State");
  if (text_at(service, "Status") == "forced") state += " (forced)";
  std::string reason = text_at(service, "Reason");
  if (const auto trouble = reporters_trouble(service); !trouble.empty()) {
    reason += (reason.empty() ? "" : "; ") + trouble;
  }
  return {text_at(service, "Name"), state, now == full ? fmt::format("{}", full) : fmt::format("{}/{}", now, full),
          common::host_port(text_at(service, "Host"), static_cast<int>(number_at(service, "Port"))), reason};
}

Row check_row(const Json& check) {
  const auto up = check.find("Up");
  const bool decided = up != check.end() && up->is_boolean();
  const auto latency = check.find("LastLatencyMs");
  const bool measured = latency != check.end() && latency->is_number();
  return {text_at(check, "Type"), decided ? (up->get<bool>() ? "up" : "down") : "unknown",
          measured ? fmt::format("{:.1f} ms", latency->get<double>()) : "", text_at(check, "Target"),
          text_at(check, "Reason")};
}

std::string_view colour_of(std::string_view state) {
  if (state.starts_with("available") || state == "up" || state == "confirmed") return common::kGreen;
  return state == "unavailable" || state == "down" ? common::kRed : common::kYellow;
}

std::string lines_of(const Row& titles, std::vector<Row> rows, bool colours) {
  const common::TableColours by_state{kStateColumn, colour_of};
  return common::table(titles, std::move(rows), colours ? &by_state : nullptr);
}

}  // namespace

common::Result<std::string> status_table(std::string_view body, bool colours) {
  const auto json = Json::parse(body, nullptr, false);
  const auto is_service = [](const Json& value) { return value.is_object() && value.contains("Name"); };
  const bool one = is_service(json);
  const bool many = json.is_array() && std::all_of(json.begin(), json.end(), is_service);
  if (!one && !many) return common::fail("the answer is no status");
  std::vector<Row> rows;
  if (one) {
    rows.push_back(service_row(json));
  } else {
    for (const auto& service : json) rows.push_back(service_row(service));
  }
  std::string text = lines_of({"NAME", "STATE", "WEIGHT", "ADDRESS", "REASON"}, std::move(rows), colours);
  const auto checks = one ? json.find("Checks") : json.end();
  if (one && checks != json.end() && checks->is_array()) {
    std::vector<Row> check_rows;
    for (const auto& check : *checks) {
      if (check.is_object()) check_rows.push_back(check_row(check));
    }
    text += "\n" + lines_of({"CHECK", "VERDICT", "TOOK", "TARGET", "REASON"}, std::move(check_rows), colours);
  }
  const auto reporters = one ? json.find("Reporters") : json.end();
  if (one && reporters != json.end() && reporters->is_array()) {
    std::vector<Row> reporter_rows;
    for (const auto& reporter : *reporters) {
      if (reporter.is_object()) reporter_rows.push_back(reporter_row(reporter));
    }
    text += "\n" + lines_of({"REPORTER", "LAST REPORT", "REASON"}, std::move(reporter_rows), colours);
  }
  return text;
}

bool all_confirmed(std::string_view body) {
  const auto json = Json::parse(body, nullptr, false);
  const auto confirmed = [](const Json& service) {
    return !service.is_object() || reporters_trouble(service).find("not confirmed") == std::string::npos;
  };
  return json.is_array() ? std::all_of(json.begin(), json.end(), confirmed) : confirmed(json);
}

}  // namespace nerve
