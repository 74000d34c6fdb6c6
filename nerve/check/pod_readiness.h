// Whether a pod is ready, by what the Kubernetes API says about it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace nerve {

// Why the pod does not count as ready, in the API's own words; empty when its Ready condition is True. `status` and
// `body`: the answer to GET /api/v1/namespaces/<namespace>/pods/<name>, a Pod or a Status. `pod`: "namespace/name".
[[nodiscard]] std::string pod_objection(int status, std::string_view body, const std::string& pod,
                                        const std::string& target);

}  // namespace nerve
