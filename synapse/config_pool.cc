#include <utility>

#include "common/config/document.h"
#include "common/digits.h"
#include "common/registration/validate.h"
#include "synapse/config_parts.h"
#include "synapse/config_servers.h"

namespace synapse {
namespace {

using common::ObjectReader;
using common::Reader;

std::string read_label(ObjectReader& object) {
  auto label = object.required_text("label");
  if (!label.empty() && !common::is_label_name(label)) object.error("label", "must have 128 characters at most");
  return label;
}

// Airbnb's filters have one `value`; several make "one of these" and "none of these".
std::vector<std::string> read_values(ObjectReader& object, bool wanted) {
  const auto value = object.find("value");
  const auto list = object.find("values");
  if (!wanted) {
    if (value || list) (value ? *value : *list).error("is not looked at when the condition is exists; leave it out");
    return {};
  }
  if (value && list) {
    list->error("takes the place of value: give one or the other");
  } else if (!value && !list) {
    object.error("value", "is missing");
  } else if (value) {
    return {value->text()};
  }
  auto values = object.texts("values");
  if (list && list->is_list() && values.empty()) list->error("must name at least one value");
  return values;
}

LabelFilter read_filter(const Reader& reader) {
  ObjectReader object(reader);
  LabelFilter filter;
  filter.label = read_label(object);
  const auto condition = object.one_of("condition", "equals", {"equals", "not-equals", "in", "exists"});
  if (condition == "not-equals") filter.condition = LabelFilter::Condition::none_of;
  if (condition == "exists") filter.condition = LabelFilter::Condition::exists;
  filter.values = read_values(object, filter.condition != LabelFilter::Condition::exists);
  object.finish();
  return filter;
}

// Where this machine stands differs from machine to machine, while the file may be the same on all of them.
std::string read_own_value(ObjectReader& object, const ParseOptions& options) {
  auto value = object.required_text("value");
  if (value.find("{{") == std::string::npos) return value;
  const auto lookup = [&](const std::string& name) {
    return options.environment ? options.environment(name) : std::nullopt;
  };
  auto expanded = common::expand_environment(value, "", lookup);
  if (!expanded) {
    const auto words = expanded.error().message;
    object.error("value", words.substr(words.find(": ") + 2));  // its line is that of another text
    return value;
  }
  if (expanded->empty()) object.error("value", "must not be empty, but " + value + " is");
  return *std::move(expanded);
}

// "backup" or "weight N".
std::optional<int> read_far_weight(ObjectReader& object) {
  const auto text = object.text("otherwise", "backup");
  if (text == "backup") return std::nullopt;
  constexpr std::string_view word = "weight ";
  const auto weight =
      text.starts_with(word) ? common::number_in(std::string_view(text).substr(word.size()), 1, 256) : std::nullopt;
  if (weight) return weight;
  object.error("otherwise",
               "must be \"backup\" or \"weight N\" with N between 1 and 256, got " + common::quote_for_log(text));
  return std::nullopt;
}

Preference read_preference(const Reader& reader, const ParseOptions& options) {
  ObjectReader object(reader);
  Preference prefer;
  prefer.label = read_label(object);
  prefer.value = read_own_value(object, options);
  prefer.far_weight = read_far_weight(object);
  object.finish();
  return prefer;
}

}  // namespace

PoolRules read_pool_rules(ObjectReader& service, const ParseOptions& options) {
  PoolRules rules;
  for (const auto& filter : service.items("labelFilters")) rules.label_filters.push_back(read_filter(filter));
  rules.port_override = static_cast<int>(service.integer("portOverride", 0, {1, 65535}));
  if (const auto list = service.find("defaultServers")) rules.default_servers = read_servers(*list);
  rules.max_servers = static_cast<std::size_t>(
      service.integer("maxServers", static_cast<std::int64_t>(rules.max_servers), {1, 1'000'000}));
  rules.keep_default_servers = service.boolean("keepDefaultServers", false);
  if (rules.keep_default_servers && rules.default_servers.empty()) {
    service.find("keepDefaultServers")->warn("has no effect without defaultServers");
  }
  if (const auto prefer = service.find("prefer")) rules.prefer = read_preference(*prefer, options);
  return rules;
}

}  // namespace synapse
