#include "nerve/check/aliveness.h"

#include <nlohmann/json.hpp>

#include "common/foreign_words.h"
#include "nerve/check/json_text.h"

namespace nerve {
std::string aliveness_path(std::string_view vhost) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string path = "/api/aliveness-test/";
  for (const char c : vhost) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      path += c;
    } else {
      path += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return path;
}

std::string aliveness_objection(int status, std::string_view body, const std::string& target) {
  const auto answer = nlohmann::json::parse(body, nullptr, false);
  if (status == 200 && json_text(answer, "status") == "ok") return {};
  // {"error":"not_authorised","reason":"Login failed"}, {"status":"failed","reason":"..."}
  std::string words = json_text(answer, "reason");
  if (words.empty()) words = json_text(answer, "error");
  if (words.empty()) words = common::foreign_words(body);
  return "HTTP " + std::to_string(status) + " from " + target + (words.empty() ? "" : ": " + words);
}

}  // namespace nerve
