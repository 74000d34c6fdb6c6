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
    if (in_labels()) label_ = name;
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

  bool in_labels() const { return depth_ == 2 && field_ == "labels" && labels_open_; }

  bool open(Kind kind) {
    if (depth_ == 0 && kind != Kind::object) return stop("not a JSON object");
    if (depth_ == max_depth) return stop("nested deeper than " + std::to_string(max_depth) + " levels");
    if (depth_ == 1) labels_open_ = kind == Kind::object;
    if (depth_ > 0 && !value(kind, "")) return false;
    ++depth_;
    return true;
  }

  bool value(Kind kind, const std::string& text) {
    if (depth_ == 0) return stop("not a JSON object");
    if (depth_ == 1) {
      if (std::find(known_fields.begin(), known_fields.end(), field_) == known_fields.end()) return true;
      const bool fresh = fields_.values.emplace(field_, JsonScalar{kind, text}).second;
      return fresh || stop("field " + quote_for_log(field_) + " stands twice");
    }
    if (in_labels()) {
      const bool fresh = fields_.labels.emplace(label_, JsonScalar{kind, text}).second;
      return fresh || stop("label " + quote_for_log(label_) + " stands twice");
    }
    return true;
  }

  RecordFields fields_;
  std::string error_;
  std::string field_;
  std::string label_;
  int depth_ = 0;
  bool labels_open_ = false;
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
