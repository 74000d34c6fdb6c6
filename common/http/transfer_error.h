// Why a transfer of libcurl's failed, in an operator's words. Pure: needs libcurl's header only.
#pragma once

#include <curl/curl.h>
#include <string>

namespace common::http {

struct TransferFailure {
  CURLcode code = CURLE_OK;
  int os_error = 0;       // of the connection
  long proxy_status = 0;  // of the proxy's answer to CONNECT
  std::string words;      // libcurl's, which may hold the server's

  std::string target;   // what was asked: "https://db:8443/health"
  std::string peer;     // who the connection was to: "10.0.0.1:8443", "proxy 10.0.0.2:3128", a socket's path
  std::string ca_file;  // as configured
};

[[nodiscard]] std::string describe(const TransferFailure& failure);

}  // namespace common::http
