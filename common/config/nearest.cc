#include "common/config/nearest.h"

#include <algorithm>
#include <utility>

#include "common/lower_case.h"

namespace common {
namespace {

// Edit distance, where swapping two neighbours is one edit.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t longest = 64;
  if (word.empty() || word.size() > longest) return std::nullopt;
  const auto meant = lower_case(word);
  const std::string* best = nullptr;
  std::size_t best_distance = 0;
  for (const auto& candidate : candidates) {
    if (candidate.size() > longest) continue;
    const std::size_t edits = distance(meant, lower_case(candidate));
    if (best != nullptr && edits >= best_distance) continue;
    best = &candidate;
    best_distance = edits;
  }
  // A third of the letters may be wrong; "timeout" is near to "timeoutInMilli", too.
  if (best != nullptr && best_distance <= std::max<std::size_t>(1, word.size() / 3)) return *best;
  for (const auto& candidate : candidates) {
    if (word.size() >= 4 && lower_case(candidate).find(meant) != std::string::npos) return candidate;
  }
  return std::nullopt;
}

}  // namespace common
