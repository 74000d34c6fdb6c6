#include "nerve/check/status_ranges.h"

#include <algorithm>
#include <optional>

#include "common/digits.h"

namespace nerve {
namespace {

constexpr int kLeast = 100;
constexpr int kMost = 599;

std::string_view without_space(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<int> to_status(std::string_view text) {
  return common::number_in<int>(without_space(text), kLeast, kMost);
}

}  // namespace

common::Result<StatusRanges> StatusRanges::parse(std::string_view text) {
  StatusRanges result;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    const std::string_view item = text.substr(start, comma - start);
    const std::size_t dash = item.find('-');
    const auto first = to_status(item.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : to_status(item.substr(dash + 1));
    if (!first || !last || *first > *last) {
      return common::fail("must be statuses from 100 to 599 and ranges of them, such as \"200,204,301-302\"");
    }
    result.ranges_.push_back({*first, *last});
    start = comma + 1;
  }
  return result;
}

bool StatusRanges::contains(int status) const {
  if (ranges_.empty()) return status / 100 != 5;
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [status](const Range& range) { return range.first <= status && status <= range.last; });
}

std::string StatusRanges::to_string() const {
  std::string text;
  for (const auto& range : ranges_) {
    text += (text.empty() ? "" : ", ") + std::to_string(range.first);
    if (range.last != range.first) text += "-" + std::to_string(range.last);
  }
  return text;
}

}  // namespace nerve
