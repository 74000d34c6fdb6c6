#include "common/admin/api_config.h"

#include "common/http/visitor.h"

namespace common {

std::vector<std::string> read_allowed_hosts(ObjectReader& root) {
  std::vector<std::string> hosts;
  const auto list = root.find("apiAllowedHosts");
  if (!list) return hosts;
  for (const auto& item : list->items()) {
    hosts.push_back(item.text());
    if (const auto why = http::why_no_allowed_host(hosts.back())) item.error(*why);
  }
  return hosts;
}

}  // namespace common
