// libcurl's functions, loaded when they are first needed: with its TLS it costs a process some 8 MB, and most sidecars
// ask tcp and plain http only.
#pragma once

#include <curl/curl.h>

#include "common/result.h"

namespace common::http {

struct CurlApi {
  decltype(::curl_global_init)* global_init = nullptr;
  decltype(::curl_free)* free = nullptr;
  decltype(::curl_easy_init)* easy_init = nullptr;
  decltype(::curl_easy_cleanup)* easy_cleanup = nullptr;
  decltype(::curl_easy_setopt)* easy_setopt = nullptr;
  decltype(::curl_easy_getinfo)* easy_getinfo = nullptr;
  decltype(::curl_easy_strerror)* easy_strerror = nullptr;
  decltype(::curl_slist_append)* slist_append = nullptr;
  decltype(::curl_slist_free_all)* slist_free_all = nullptr;
  decltype(::curl_multi_init)* multi_init = nullptr;
  decltype(::curl_multi_cleanup)* multi_cleanup = nullptr;
  decltype(::curl_multi_setopt)* multi_setopt = nullptr;
  decltype(::curl_multi_add_handle)* multi_add_handle = nullptr;
  decltype(::curl_multi_remove_handle)* multi_remove_handle = nullptr;
  decltype(::curl_multi_socket_action)* multi_socket_action = nullptr;
  decltype(::curl_multi_info_read)* multi_info_read = nullptr;
  decltype(::curl_multi_strerror)* multi_strerror = nullptr;
  decltype(::curl_url)* url = nullptr;
  decltype(::curl_url_set)* url_set = nullptr;
  decltype(::curl_url_get)* url_get = nullptr;
  decltype(::curl_url_cleanup)* url_cleanup = nullptr;

  // Loads and initialises the library. The error names the package to install.
  [[nodiscard]] static Result<CurlApi> load();
};

}  // namespace common::http
