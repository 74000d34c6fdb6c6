#include "common/registration/fields.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/registration/validate.h"

namespace common {
namespace {

constexpr int max_depth = 16;

constexpr std::array<std::string_view, 10> known_fields = {"available", "unavailable_reason",     "host",   "port",
                                                           "name",      "haproxy_server_options", "weight", "labels",
                                                           "id",        "haproxy_server_id"};
constexpr std::array<std::string_view, 4> serverset_fields = {"serviceEndpoint", "additionalEndpoints", "status",
                                                              "shard"};
constexpr std::size_t max_endpoints = 64;

template <std::size_t n>
bool contains(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Takes the parser's events and keeps what is known: a record of a million unknown fields costs nothing, and no tree is
// built that could be too deep. Member names and signatures are nlohmann's.
class FieldCollector {
 public:
  using Kind = JsonScalar::Kind;

  bool null() { return value(Kind::null, ""); }
  bool boolean(bool flag) { return value(Kind::boolean, flag ? "true" : "false"); }
  bool number_integer(std::int64_t number) { return value(Kind::integer, std::to_string(number)); }
  bool number_unsigned(std::uint64_t number) { return value(Kind::integer, std::to_string(number)); }
  bool number_float(double, const std::string& written) {
    // A whole number beyond 64 bits arrives here, too.
    const bool whole = written.find_first_not_of("0123456789") == std::string::npos;
    return value(whole ? Kind::integer : Kind::fraction, written);
  }
  bool string(std::string& text) { return value(Kind::text, text); }
  bool binary(std::vector<std::uint8_t>&) { return stop("not JSON"); }

  bool start_object(std::size_t) { return open(Kind::object); }
  bool end_object() {
    --depth_;
    return true;
  }
  bool start_array(std::size_t) { return open(Kind::list); }
  bool end_array() {
    --depth_;
    return true;
  }
  bool key(std::string& name) {
    if (depth_ == 1) field_ = name;
    if (depth_ == 2) second_ = name;
    if (depth_ == 3) third_ = name;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    return stop("not JSON, from byte " + std::to_string(position) + " on");
  }

  Result<RecordFields> result() && {
    if (error_.empty()) return std::move(fields_);
    return fail(error_);
  }

 private:
  bool stop(std::string why) {
    if (error_.empty()) error_ = std::move(why);
    return false;
  }

  // Within an object that is the value of the field.
  bool within(std::string_view field) const { return depth_ == 2 && field_ == field && field_is_object_; }

  bool open(Kind kind) {
    if (depth_ == 0 && kind != Kind::object) return stop("not a JSON object");
    if (depth_ == max_depth) return stop("nested deeper than " + std::to_string(max_depth) + " levels");
    if (depth_ == 1) field_is_object_ = kind == Kind::object;
    second_is_endpoint_ = depth_ == 2 ? kind == Kind::object && within("additionalEndpoints") : second_is_endpoint_;
    if (depth_ == 2 && second_is_endpoint_ && !add_endpoint()) return false;
    if (depth_ > 0 && !value(kind, "")) return false;
    ++depth_;
    return true;
  }

  bool add_endpoint() {
    if (!fields_.additional_endpoints.try_emplace(second_).second) twice(second_);
    return fields_.additional_endpoints.size() <= max_endpoints ||
           stop("more than " + std::to_string(max_endpoints) + " additional endpoints");
  }

  bool value(Kind kind, const std::string& text) {
    if (depth_ == 0) return stop("not a JSON object");
    if (depth_ == 1) return field(kind, text);
    if (within("labels")) {
      const bool fresh = fields_.labels.emplace(second_, JsonScalar{kind, text}).second;
      return fresh || stop("label " + quote_for_log(second_) + " stands twice");
    }
    if (within("serviceEndpoint")) endpoint_field(fields_.service_endpoint, second_, {kind, text});
    if (depth_ == 3 && second_is_endpoint_) {
      endpoint_field(fields_.additional_endpoints[second_], third_, {kind, text});
    }
    return true;
  }

  bool field(Kind kind, const std::string& text) {
    if (contains(serverset_fields, field_)) {
      if (!fields_.values.emplace(field_, JsonScalar{kind, text}).second) twice(field_);
      return true;
    }
    if (!contains(known_fields, field_)) return true;
    const bool fresh = fields_.values.emplace(field_, JsonScalar{kind, text}).second;
    return fresh || stop("field " + quote_for_log(field_) + " stands twice");
  }

  void endpoint_field(EndpointFields& endpoint, std::string_view name, JsonScalar scalar) {
    if (name != "host" && name != "port") return;
    auto& place = name == "host" ? endpoint.host : endpoint.port;
    if (place.kind != Kind::null) return twice(name);
    place = std::move(scalar);
  }

  void twice(std::string_view name) {
    if (fields_.twice.empty()) fields_.twice = name;
  }

  RecordFields fields_;
  std::string error_;
  std::string field_;
  std::string second_;  // keys of the levels below
  std::string third_;
  int depth_ = 0;
  bool field_is_object_ = false;
  bool second_is_endpoint_ = false;
};

}  // namespace

std::string JsonScalar::shown() const {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::list:
      return "a list";
    case Kind::object:
      return "an object";
    case Kind::text:
      return quote_for_log(text);
    case Kind::boolean:
    case Kind::integer:
    case Kind::fraction:
      break;
  }
  constexpr std::size_t max_shown = 40;
  return text.size() > max_shown ? text.substr(0, max_shown) + "..." : text;
}

Result<RecordFields> read_fields(std::string_view data) {
  // The parser takes a NUL for the end of the text.
  if (const auto nul = data.find('\0'); nul != std::string_view::npos) {
    return fail("not JSON, from byte " + std::to_string(nul + 1) + " on");
  }
  FieldCollector collector;
  nlohmann::json::sax_parse(data, &collector);
  return std::move(collector).result();
}

}  // namespace common
