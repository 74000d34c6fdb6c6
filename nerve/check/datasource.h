// The `datasource` of a check: a template that the check's other keys fill in. Pure.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "common/result.h"

namespace nerve {

struct DatasourceFields {
  std::string username;
  std::string password;
  std::string host;
  int port = 0;
  std::string vhost;
  std::chrono::milliseconds timeout{0};
};

// {{.Username}} and so on: what a template may ask for.
inline constexpr std::array<std::string_view, 6> kDatasourceNames{"Username", "Password", "Host",
                                                                  "Port",     "Vhost",    "TimeoutInMilli"};

// Decides how a value is written in which a character would end it.
enum class DatasourceForm {
  mysql,  // user:password@tcp(host:port)/database: nothing has to be escaped
  url,    // percent-encoded
  words,  // key=value key='value': a backslash before it
};

// A value may be written in the datasource's notation already (%40 in a URL), as go-nerve wanted it; only what could
// not stand there is escaped. The error never shows a value.
[[nodiscard]] common::Result<std::string> fill_in(std::string_view datasource, const DatasourceFields& fields,
                                                  DatasourceForm form);

}  // namespace nerve
