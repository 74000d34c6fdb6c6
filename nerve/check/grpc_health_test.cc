#include "nerve/check/grpc_health.h"

#include <gtest/gtest.h>

namespace nerve {
namespace {

using Fields = std::map<std::string, std::string>;
const Fields kOk{{"grpc-status", "0"}};
const std::string kAsked = "grpc://web:50051";

std::string bytes(std::initializer_list<int> values) {
  std::string result;
  for (const int value : values) result += static_cast<char>(value);
  return result;
}

std::string frame(const std::string& message) {
  return bytes({0, 0, 0, 0, static_cast<int>(message.size())}) + message;
}

std::string said(const Fields& fields, const std::string& body, const std::string& service = "") {
  return health_objection(200, fields, body, service, kAsked);
}

TEST(GrpcHealth, AsksForAService) {
  EXPECT_EQ(health_request(""), bytes({0, 0, 0, 0, 0}));
  EXPECT_EQ(health_request("web"), bytes({0, 0, 0, 0, 5, 0x0a, 3}) + "web");
  const std::string name(300, 'x');
  EXPECT_EQ(health_request(name), bytes({0, 0, 0, 1, 0x2f, 0x0a, 0xac, 0x02}) + name);
}

TEST(GrpcHealth, IsServing) {
  EXPECT_EQ(said(kOk, frame(bytes({8, 1}))), "");
  EXPECT_EQ(said(kOk, frame(bytes({0x12, 1, 'x', 0x1d, 0, 0, 0, 0, 8, 1}))), "") << "among fields of the future";
}

TEST(GrpcHealth, IsNotServing) {
  EXPECT_EQ(said(kOk, frame(bytes({8, 2}))), "the server is NOT_SERVING, says grpc://web:50051");
  EXPECT_EQ(said(kOk, frame(bytes({8, 2})), "shop"), "service shop is NOT_SERVING, says grpc://web:50051");
  EXPECT_EQ(said(kOk, frame("")), "the server is UNKNOWN, says grpc://web:50051");
  EXPECT_EQ(said(kOk, frame(bytes({8, 9}))), "the server is status 9, says grpc://web:50051");
}

TEST(GrpcHealth, GivesTheServersStatusAndMessage) {
  EXPECT_EQ(said({{"grpc-status", "5"}, {"grpc-message", "unknown%20service%0a%zz"}}, ""),
            "NOT_FOUND from grpc://web:50051: unknown service %zz");
  EXPECT_EQ(said({{"grpc-status", "12"}}, ""), "UNIMPLEMENTED from grpc://web:50051");
  EXPECT_EQ(said({{"grpc-status", "99"}}, ""), "status 99 from grpc://web:50051");
}

TEST(GrpcHealth, TellsWhatIsNoAnswer) {
  EXPECT_EQ(said({}, frame(bytes({8, 1}))), "the answer of grpc://web:50051 is not gRPC");
  EXPECT_EQ(said({{"grpc-status", "x"}}, ""), "the answer of grpc://web:50051 is not gRPC");
  const std::string refused = "the answer of grpc://web:50051 is no HealthCheckResponse";
  for (const auto& body :
       {bytes({}), bytes({0, 0, 0, 0}), bytes({1, 0, 0, 0, 2, 8, 1}), bytes({0, 0, 0, 0, 3, 8, 1}), frame(bytes({8})),
        frame(bytes({8, 0x81})), frame(bytes({0x12, 9, 'x'})), frame(bytes({0x0b}))}) {
    EXPECT_EQ(said(kOk, body), refused) << body.size();
  }
  EXPECT_EQ(health_objection(404, {}, "not here", "", kAsked),
            "HTTP 404 from grpc://web:50051, no gRPC answer: not here");
}

}  // namespace
}  // namespace nerve
