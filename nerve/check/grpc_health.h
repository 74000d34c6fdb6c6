// grpc.health.v1.Health/Check: its request, and what its answer means. The protocol is gRPC over HTTP/2
// (github.com/grpc/grpc: doc/PROTOCOL-HTTP2.md, doc/health-checking.md); the two messages have one field each, so no
// protobuf library is needed. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace nerve {

// The request's body: a frame with a HealthCheckRequest.
[[nodiscard]] std::string health_request(std::string_view service);

// Why the service does not count as healthy, in the server's own words; empty when it is SERVING. `fields`: headers and
// trailers with names in lower case.
[[nodiscard]] std::string health_objection(int http_status, const std::map<std::string, std::string>& fields,
                                           std::string_view body, const std::string& service,
                                           const std::string& target);

}  // namespace nerve
