#include "common/http/curl_api.h"

#include "common/runtime/shared_library.h"

namespace common::http {

Result<CurlApi> CurlApi::load() {
  const auto library = SharedLibrary::load(CURL_SONAME, "libcurl4");
  if (!library) return library.error();
  CurlApi api;
  const bool complete =
      library->find("curl_global_init", api.global_init) && library->find("curl_free", api.free) &&
      library->find("curl_easy_init", api.easy_init) && library->find("curl_easy_cleanup", api.easy_cleanup) &&
      library->find("curl_easy_setopt", api.easy_setopt) && library->find("curl_easy_getinfo", api.easy_getinfo) &&
      library->find("curl_easy_strerror", api.easy_strerror) && library->find("curl_slist_append", api.slist_append) &&
      library->find("curl_slist_free_all", api.slist_free_all) && library->find("curl_multi_init", api.multi_init) &&
      library->find("curl_multi_cleanup", api.multi_cleanup) && library->find("curl_multi_setopt", api.multi_setopt) &&
      library->find("curl_multi_add_handle", api.multi_add_handle) &&
      library->find("curl_multi_remove_handle", api.multi_remove_handle) &&
      library->find("curl_multi_socket_action", api.multi_socket_action) &&
      library->find("curl_multi_info_read", api.multi_info_read) &&
      library->find("curl_multi_strerror", api.multi_strerror) && library->find("curl_url", api.url) &&
      library->find("curl_url_set", api.url_set) && library->find("curl_url_get", api.url_get) &&
      library->find("curl_url_cleanup", api.url_cleanup);
  if (!complete) return fail(CURL_SONAME " lacks a function; install a newer libcurl4");
  // Counted by the library, which stays until the process ends.
  if (const CURLcode code = api.global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK) {
    return fail(std::string(CURL_SONAME " does not start: ") + api.easy_strerror(code));
  }
  return api;
}

}  // namespace common::http
