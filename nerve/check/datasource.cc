#include "nerve/check/datasource.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "common/trimmed.h"

namespace nerve {
namespace {

using common::fail;
using common::Result;

std::string known_names() {
  std::string list;
  for (const auto name : kDatasourceNames) {
    if (!list.empty()) list += ", ";
    list.append("{{.").append(name).append("}}");
  }
  return list;
}

// What may stand in any part of a URL (RFC 3986), and the '%' of a value that is encoded already.
bool is_plain_in_url(char c) {
  constexpr std::string_view marks = "-._~!$&'()*+,;=%";
  return std::isalnum(static_cast<unsigned char>(c)) || marks.find(c) != std::string_view::npos;
}

std::string escaped(std::string_view value, DatasourceForm form) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (form == DatasourceForm::url && !is_plain_in_url(c)) {
      result += '%';
      result += digits[byte >> 4];
      result += digits[byte & 15];
      continue;
    }
    if (form == DatasourceForm::words && (std::isspace(byte) != 0 || c == '\'')) result += '\\';
    result += c;
  }
  return result;
}

// `before`: the datasource up to here.
std::optional<std::string> value_of(std::string_view name, const DatasourceFields& fields, DatasourceForm form,
                                    std::string_view before) {
  if (name == "Username") return escaped(fields.username, form);
  if (name == "Password") return escaped(fields.password, form);
  if (name == "Vhost") return escaped(fields.vhost, form);
  if (name == "Port") return std::to_string(fields.port);
  if (name == "TimeoutInMilli") return std::to_string(fields.timeout.count());
  if (name != "Host") return std::nullopt;
  const bool needs_brackets =
      form != DatasourceForm::words && fields.host.find(':') != std::string::npos && !before.ends_with('[');
  return needs_brackets ? "[" + fields.host + "]" : fields.host;
}

}  // namespace

Result<std::string> fill_in(std::string_view datasource, const DatasourceFields& fields, DatasourceForm form) {
  std::string result;
  std::size_t at = 0;
  for (;;) {
    const auto start = datasource.find("{{", at);
    result += datasource.substr(at, start == std::string_view::npos ? start : start - at);
    if (start == std::string_view::npos) return result;
    const auto end = datasource.find("}}", start);
    if (end == std::string_view::npos) return fail("has \"{{\" without \"}}\"");
    auto name = common::trimmed(datasource.substr(start + 2, end - start - 2));
    std::optional<std::string> value;
    if (name.starts_with('.')) value = value_of(name.substr(1), fields, form, datasource.substr(0, start));
    if (!value) return fail("has a {{...}} that is not understood; known are " + known_names());
    result += *value;
    at = end + 2;
  }
}

}  // namespace nerve
