#include "common/config/meaning.h"

#include <algorithm>
#include <array>

#include "common/config/mask.h"
#include "common/lower_case.h"

namespace common {
namespace {

constexpr std::string_view kMask = "***";

struct MeaningOfKey {
  std::string_view key;  // in lower case
  Meaning meaning;
};
constexpr std::array kMeanings{
    MeaningOfKey{"environment", Meaning::secrets_by_name},
    MeaningOfKey{"body", Meaning::secret},
    MeaningOfKey{"headers", Meaning::headers},
    MeaningOfKey{"path", Meaning::url},
    MeaningOfKey{"urls", Meaning::url},
    MeaningOfKey{"datasource", Meaning::datasource},
    MeaningOfKey{"global", Meaning::haproxy_lines},
    MeaningOfKey{"defaults", Meaning::haproxy_lines},
    MeaningOfKey{"listen", Meaning::haproxy_lines},
    MeaningOfKey{"frontend", Meaning::haproxy_lines},
    MeaningOfKey{"backend", Meaning::haproxy_lines},
    MeaningOfKey{"extrasections", Meaning::haproxy_lines},
    MeaningOfKey{"sharedfrontend", Meaning::haproxy_lines},
    MeaningOfKey{"routeroptions", Meaning::haproxy_lines},
    MeaningOfKey{"serveroptions", Meaning::haproxy_lines},
    MeaningOfKey{"bindoptions", Meaning::haproxy_lines},
    MeaningOfKey{"haproxyserveroptions", Meaning::haproxy_lines},
};

}  // namespace

Meaning meaning_of(std::string_view key) {
  if (is_secret_key(key)) return Meaning::secret;
  const std::string name = lower_case(key);
  if (name.ends_with("command")) return Meaning::command;
  const auto found =
      std::find_if(kMeanings.begin(), kMeanings.end(), [&](const auto& each) { return each.key == name; });
  return found == kMeanings.end() ? Meaning::text : found->meaning;
}

Meaning meaning_inside(Meaning mapping, std::string_view key) {
  if (mapping == Meaning::headers && is_harmless_header(key)) return Meaning::text;
  return mapping == Meaning::text ? meaning_of(key) : mapping;
}

bool hides_all(Meaning meaning) {
  return meaning == Meaning::secret || meaning == Meaning::secrets_by_name || meaning == Meaning::headers;
}

std::string masked_text(const std::string& text, Meaning meaning) {
  switch (meaning) {
    case Meaning::secret:
    case Meaning::secrets_by_name:
    case Meaning::headers:
      return text.empty() ? "" : std::string(kMask);
    case Meaning::command:
      return mask_command({text}).front();
    case Meaning::url:
      return mask_url(text);
    case Meaning::datasource:
      return mask_datasource(text);
    case Meaning::haproxy_lines:
      return mask_haproxy_line(text);
    case Meaning::text:
      break;
  }
  return mask_secrets(text);
}

}  // namespace common
