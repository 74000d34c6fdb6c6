// The text of a file with the last good records of a service. What is read is no more trusted than the registry itself.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "synapse/pool/pool.h"

namespace synapse {

struct SavedService {
  std::vector<Record> records;
  std::string saved_at;  // RFC 3339
};

[[nodiscard]] std::string encode_saved(const std::string& service, const std::vector<RoutedServer>& servers,
                                       const std::string& saved_at);
// The error says why the text is of no use.
[[nodiscard]] common::Result<SavedService> decode_saved(std::string_view text);

}  // namespace synapse
