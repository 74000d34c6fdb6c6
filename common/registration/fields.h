// The fields of a record as JSON has them, before anybody judges their values; only this room uses it. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "common/result.h"

namespace common {

struct JsonScalar {
  enum class Kind { null, boolean, integer, fraction, text, list, object };

  Kind kind = Kind::null;
  std::string text;  // as written; of a text its value; nothing of a list or an object

  std::string shown() const;  // for "is ...": quoted and shortened
};

// One endpoint of a Finagle record; null: not there.
struct EndpointFields {
  JsonScalar host;
  JsonScalar port;
};

struct RecordFields {
  std::map<std::string, JsonScalar, std::less<>> values;  // the fields that the record has, unknown ones left out
  std::map<std::string, JsonScalar, std::less<>> labels;

  // Of Finagle's form, see serverset.h. A field of it that stands twice is no error in a record of another form.
  EndpointFields service_endpoint;
  std::map<std::string, EndpointFields, std::less<>> additional_endpoints;
  std::string twice;  // its first field that does
};

// Reads one JSON object. Bounded in depth; a known field or a label that stands twice is an error, because readers
// would disagree about it.
[[nodiscard]] Result<RecordFields> read_fields(std::string_view data);

}  // namespace common
