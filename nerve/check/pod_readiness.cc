#include "nerve/check/pod_readiness.h"

#include <nlohmann/json.hpp>

#include "common/foreign_words.h"
#include "nerve/check/json_text.h"

namespace nerve {
namespace {

using Json = nlohmann::json;

const Json& member(const Json& object, const char* key) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

std::string after(const char* separator, const std::string& words) {
  return words.empty() ? "" : separator + words;
}

}  // namespace

std::string pod_objection(int status, std::string_view body, const std::string& pod, const std::string& target) {
  const Json answer = Json::parse(body, nullptr, false);
  if (status != 200) {
    const std::string words = answer.is_object() ? json_text(answer, "message") : common::foreign_words(body);
    return "HTTP " + std::to_string(status) + " from " + target + after(": ", words);
  }
  if (json_text(answer, "kind") != "Pod") return "the answer of " + target + " is no pod";

  const Json& state = member(answer, "status");
  for (const Json& condition : member(state, "conditions")) {
    if (json_text(condition, "type") != "Ready") continue;
    if (json_text(condition, "status") == "True") return {};
    return "pod " + pod + " is not ready" + after(": ", json_text(condition, "reason")) +
           after(": ", json_text(condition, "message"));
  }
  return "pod " + pod + " has no Ready condition yet" + after(", its phase is ", json_text(state, "phase")) +
         after(": ", json_text(state, "message"));
}

}  // namespace nerve
