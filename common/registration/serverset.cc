#include "common/registration/serverset.h"

#include <string>

#include "common/registration/validate.h"

namespace common {
namespace {

using Kind = JsonScalar::Kind;

std::string names_of(const RecordFields& fields) {
  constexpr std::size_t max_shown = 8;
  std::string names;
  std::size_t shown = 0;
  for (const auto& [name, endpoint] : fields.additional_endpoints) {
    if (++shown > max_shown) return names + ", ...";
    names += (names.empty() ? "" : ", ") + quote_for_log(name);
  }
  return names.empty() ? "none" : names;
}

// Null: it is not there.
const JsonScalar* find(const RecordFields& fields, std::string_view field) {
  const auto found = fields.values.find(field);
  return found == fields.values.end() || found->second.kind == Kind::null ? nullptr : &found->second;
}

}  // namespace

bool is_serverset(const RecordFields& fields) {
  const auto* endpoint = find(fields, "serviceEndpoint");
  return endpoint != nullptr && endpoint->kind == Kind::object && find(fields, "host") == nullptr;
}

Result<RecordFields> flatten_serverset(const RecordFields& fields, std::string_view endpoint_name) {
  if (!fields.twice.empty()) return fail("field " + quote_for_log(fields.twice) + " stands twice");
  const auto* endpoint = &fields.service_endpoint;
  if (!endpoint_name.empty()) {
    const auto named = fields.additional_endpoints.find(endpoint_name);
    if (named == fields.additional_endpoints.end()) {
      return fail("no additional endpoint " + quote_for_log(endpoint_name) + "; there are: " + names_of(fields));
    }
    endpoint = &named->second;
  }
  RecordFields flat;
  flat.values.emplace("host", endpoint->host);
  flat.values.emplace("port", endpoint->port);
  if (const auto* status = find(fields, "status"); status != nullptr && status->text != "ALIVE") {
    flat.values.emplace("available", JsonScalar{Kind::boolean, "false"});
    flat.values.emplace("unavailable_reason", JsonScalar{Kind::text, "status " + status->text});
  }
  if (const auto* shard = find(fields, "shard"); shard != nullptr && shard->kind == Kind::integer) {
    flat.labels.emplace("shard", *shard);
  }
  return flat;
}

}  // namespace common
