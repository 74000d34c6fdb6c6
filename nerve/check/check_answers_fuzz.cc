// What servers answer to checks: the statuses that are expected, the answer's status, its fields, its body.
#include <charconv>
#include <map>

#include "common/fuzz/target.h"
#include "nerve/check/aliveness.h"
#include "nerve/check/basic_auth.h"
#include "nerve/check/grpc_health.h"
#include "nerve/check/http_expectation.h"
#include "nerve/check/pod_readiness.h"
#include "nerve/check/redis_reply.h"
#include "nerve/check/status_ranges.h"

namespace {

using namespace nerve;
using common::fuzz::must;

constexpr std::size_t kMostWords = 1000;

void for_a_record(const std::string& objection) {
  must(objection.size() <= kMostWords && !common::fuzz::has_control(objection), "words for a record", objection);
}

StatusRanges expected(std::string_view text) {
  const auto ranges = StatusRanges::parse(text);
  if (!ranges) {
    must(!ranges.error().message.empty() && !common::fuzz::has_control(ranges.error().message), "why not");
    return {};
  }
  for (const int status : {-1, 0, 99, 600, 1000}) must(!ranges->contains(status), "statuses are three digits");
  must(StatusRanges::parse(ranges->to_string()) == *ranges, "what is written is what is read", ranges->to_string());
  return *ranges;
}

std::map<std::string, std::string> fields_in(std::string_view text) {
  std::map<std::string, std::string> fields;
  common::fuzz::Input lines(text);
  while (!lines.empty()) {
    const auto line = lines.line();
    const auto colon = line.find(':');
    if (colon != std::string_view::npos) fields.emplace(line.substr(0, colon), line.substr(colon + 1));
  }
  return fields;
}

}  // namespace

FUZZ_TARGET(check_answers) {
  common::fuzz::Input input(bytes);
  const auto ranges = expected(input.line());
  int status = 0;
  const auto number = input.line();
  std::from_chars(number.data(), number.data() + number.size(), status);
  const auto fields = fields_in(input.piece());
  // As the checks have it: ASan takes what regexec() is given for a string, although its length is given, too.
  const std::string body(input.rest());

  for (const auto* pattern : {"", "ok", "/^[[:space:]]*ok.*[0-9]+$/"}) {
    for_a_record(HttpExpectation(ranges, pattern).objection(status, body, "10.0.0.1:80"));
  }
  const auto health = health_objection(status, fields, body, "web", "10.0.0.1:80");
  must(!health.empty() || status == 200, "healthy is 200 at least");
  for_a_record(health);
  const auto pod = pod_objection(status, body, "default/web", "10.0.0.1:443");
  must(!pod.empty() || (status == 200 && body.find("Ready") != std::string::npos), "a pod says so itself");
  for_a_record(pod);
  const auto alive = aliveness_objection(status, body, "10.0.0.1:15672");
  must(!alive.empty() || status == 200, "alive is 200 at least");
  for_a_record(alive);
  for (const bool whole : {false, true}) {
    const auto redis = redis_objection(body, whole, "+PONG", "redis at 10.0.0.1:6379");
    must(redis.empty() == (whole && body == "+PONG"), "PONG and nothing else");
    for_a_record(redis);
  }
  must(!common::fuzz::has_control(basic_authorization(number, body)), "one header");
  must(health_request(body).size() >= 5, "a frame");
  must(common::fuzz::made_of(aliveness_path(body), "/-._~%"), "a path");
}
