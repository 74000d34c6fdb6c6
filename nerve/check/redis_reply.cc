#include "nerve/check/redis_reply.h"

#include "common/foreign_words.h"

namespace nerve {

std::string redis_objection(std::string_view line, bool whole, std::string_view expected, const std::string& target) {
  if (line.starts_with('-')) return target + ": " + common::foreign_words(line.substr(1));
  if (!whole || line != expected) return target + " did not answer as Redis does: " + common::foreign_words(line);
  return {};
}

}  // namespace nerve
