// What is configured about the checks that speak HTTP, and how their common keys are read.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nerve/check/status_ranges.h"

namespace common {
class ObjectReader;
}

namespace nerve {

struct TlsOptions {
  bool verify = false;      // the certificate
  std::string ca_file;      // PEM; empty: the system's
  std::string server_name;  // empty: the host
  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

struct HttpOptions {
  std::string path = "/";
  std::string method = "GET";
  std::map<std::string, std::string> headers;
  std::string body;
  StatusRanges expect_status;
  std::string expect_body;  // a text, or /expression/; empty: any
  bool follow_redirects = false;
  std::string unix_socket;        // path; empty: TCP
  std::optional<TlsOptions> tls;  // https
  friend bool operator==(const HttpOptions&, const HttpOptions&) = default;
};

struct ProxyHttpOptions {
  std::string proxy_host;
  int proxy_port = 0;
  std::string username;
  std::string password;
  std::vector<std::string> urls;
  bool fail_on_any = false;
  TlsOptions tls;  // of https urls
  friend bool operator==(const ProxyHttpOptions&, const ProxyHttpOptions&) = default;
};

struct KubernetesOptions {
  std::string space = "default";
  std::string pod;
  std::string api_server;  // "https://host:port"; empty: the pod's environment tells it
  std::string token_file = "/var/run/secrets/kubernetes.io/serviceaccount/token";
  std::string ca_file = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
  friend bool operator==(const KubernetesOptions&, const KubernetesOptions&) = default;
};

struct GrpcOptions {
  std::string service;  // empty: the server as a whole
  std::optional<TlsOptions> tls;
  friend bool operator==(const GrpcOptions&, const GrpcOptions&) = default;
};

struct RabbitmqOptions {
  std::string vhost = "/";
  std::string username = "guest";
  std::string password = "guest";
  friend bool operator==(const RabbitmqOptions&, const RabbitmqOptions&) = default;
};

struct NoopOptions {
  friend bool operator==(const NoopOptions&, const NoopOptions&) = default;
};

// `verify`, `caFile`, `serverName`.
[[nodiscard]] TlsOptions read_tls(common::ObjectReader& object);

// The keys of http, which https has too.
[[nodiscard]] HttpOptions read_http_options(common::ObjectReader& object);

}  // namespace nerve
