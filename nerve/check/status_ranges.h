// The statuses that an HTTP check expects. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace nerve {

class StatusRanges {
 public:
  StatusRanges() = default;  // none: what is expected is anything but 5xx

  // "200-399", "200,204,301-302", "200".
  [[nodiscard]] static common::Result<StatusRanges> parse(std::string_view text);

  bool contains(int status) const;
  std::string to_string() const;  // "200, 301-302"; empty when nothing was asked for

  friend bool operator==(const StatusRanges&, const StatusRanges&) = default;

 private:
  struct Range {
    int first = 0;
    int last = 0;
    friend bool operator==(const Range&, const Range&) = default;
  };
  std::vector<Range> ranges_;
};

}  // namespace nerve
