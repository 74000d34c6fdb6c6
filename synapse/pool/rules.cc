#include "synapse/pool/rules.h"

#include <algorithm>

#include "common/registration/validate.h"

namespace synapse {

std::optional<std::string> LabelFilter::why_not(const Labels& labels) const {
  const auto found = labels.find(label);
  if (found == labels.end()) {
    if (condition == Condition::none_of) return std::nullopt;
    return "has no label " + common::quote_for_log(label);
  }
  const bool listed = std::find(values.begin(), values.end(), found->second) != values.end();
  if (condition == Condition::exists || listed == (condition == Condition::one_of)) return std::nullopt;
  return "label " + common::quote_for_log(label) + " is " + common::quote_for_log(found->second);
}

bool Preference::is_near(const Labels& labels) const {
  const auto found = labels.find(label);
  return found != labels.end() && found->second == value;
}

}  // namespace synapse
