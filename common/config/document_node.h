// The tree behind a Document; only this room sees it.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace common {

struct DocumentNode {
  enum class Kind { null, scalar, list, mapping };
  struct Member {
    std::string key;
    int key_line = 1;
    std::shared_ptr<const DocumentNode> value;
  };

  Kind kind = Kind::null;
  int line = 1;
  bool quoted = false;  // a scalar in quotes (or tagged) is a string whatever it looks like
  std::string text;     // of a scalar
  std::vector<std::shared_ptr<const DocumentNode>> items;
  std::vector<Member> members;
  std::size_t size = 1;  // nodes below and including this one, each use of an alias counted
};

}  // namespace common
