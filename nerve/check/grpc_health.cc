#include "nerve/check/grpc_health.h"

#include <array>
#include <cstdint>
#include <optional>

#include "common/digits.h"
#include "common/foreign_words.h"

namespace nerve {
namespace {

constexpr std::size_t kFrameHeader = 5;  // compressed or not, and the length in four bytes

constexpr std::array<std::string_view, 17> kStatusNames{
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

// HealthCheckResponse.ServingStatus
constexpr std::array<std::string_view, 4> kServingNames{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
constexpr std::uint64_t kServing = 1;

template <std::size_t n>
std::string name_of(const std::array<std::string_view, n>& names, std::uint64_t number) {
  return number < n ? std::string(names[number]) : "status " + std::to_string(number);
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

bool skip(std::string_view& bytes, std::uint64_t count) {
  if (count > bytes.size()) return false;
  bytes.remove_prefix(count);
  return true;
}

// Field 1 of a HealthCheckResponse; it is 0 when it is left out. Nothing when the message is none.
std::optional<std::uint64_t> serving_status(std::string_view message) {
  std::uint64_t status = 0;
  while (!message.empty()) {
    const auto key = take_varint(message);
    if (!key) return std::nullopt;
    const auto wire_type = *key & 7;
    bool fits = false;
    if (wire_type == 0) {
      const auto value = take_varint(message);
      if (value && *key >> 3 == 1) status = *value;
      fits = value.has_value();
    } else if (wire_type == 1) {
      fits = skip(message, 8);
    } else if (wire_type == 2) {
      const auto length = take_varint(message);
      fits = length && skip(message, *length);
    } else if (wire_type == 5) {
      fits = skip(message, 4);
    }
    if (!fits) return std::nullopt;
  }
  return status;
}

// The message in the only frame of the body.
std::optional<std::string_view> message_of(std::string_view body) {
  if (body.size() < kFrameHeader || body.front() != 0) return std::nullopt;
  std::uint32_t length = 0;
  for (const char c : body.substr(1, 4)) length = length << 8 | static_cast<unsigned char>(c);
  body.remove_prefix(kFrameHeader);
  if (length > body.size()) return std::nullopt;
  return body.substr(0, length);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// grpc-message is percent-encoded; what is not, stays as it is.
std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      result += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string_view field(const std::map<std::string, std::string>& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string_view() : found->second;
}

}  // namespace

std::string health_request(std::string_view service) {
  std::string message;
  if (!service.empty()) message = "\x0a" + varint(service.size()) + std::string(service);
  std::string body(kFrameHeader, '\0');
  for (std::size_t i = 0; i < 4; ++i) body[i + 1] = static_cast<char>(message.size() >> (24 - 8 * i) & 0xff);
  return body + message;
}

std::string health_objection(int http_status, const std::map<std::string, std::string>& fields, std::string_view body,
                             const std::string& service, const std::string& target) {
  if (http_status != 200) {
    const std::string words = common::foreign_words(body);
    return "HTTP " + std::to_string(http_status) + " from " + target + ", no gRPC answer" +
           (words.empty() || words.front() == '<' ? "" : ": " + words);
  }
  const auto code = common::number_in<std::uint64_t>(field(fields, "grpc-status"));
  if (!code) return "the answer of " + target + " is not gRPC";
  if (*code != 0) {
    const std::string words = common::foreign_words(decoded(field(fields, "grpc-message")));
    return name_of(kStatusNames, *code) + " from " + target + (words.empty() ? "" : ": " + words);
  }
  const auto message = message_of(body);
  const auto status = message ? serving_status(*message) : std::nullopt;
  if (!status) return "the answer of " + target + " is no HealthCheckResponse";
  if (*status == kServing) return {};
  return (service.empty() ? "the server" : "service " + service) + " is " + name_of(kServingNames, *status) +
         ", says " + target;
}

}  // namespace nerve
