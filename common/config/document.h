// A configuration file as a tree that knows where each value stands. Reads YAML, and JSON as YAML. Pure: the text is
// an argument, reading the file is the caller's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace common {

struct DocumentNode;  // yaml-cpp stays out of this header

// Immutable and cheap to copy; the tree is freed with the last copy.
class Document {
 public:
  // `file` is the name used in messages. The error is `file:line: what`: a syntax error, or a key that stands twice
  // in one mapping (compared without case).
  [[nodiscard]] static Result<Document> parse(std::string_view text, std::string file);

  const std::string& file() const { return file_; }
  const DocumentNode& root() const { return *root_; }

 private:
  Document(std::shared_ptr<const DocumentNode> root, std::string file);

  std::shared_ptr<const DocumentNode> root_;
  std::string file_;
};

// Templates that the owner of a key fills in later.
struct LaterTemplates {
  std::string key;                      // compared without case
  std::vector<std::string_view> names;  // "Host" for {{.Host}}
};

// Replaces {{ .NAME }} by lookup("NAME"), twice, because a variable may hold a template itself. A name of `later` whose
// variable is not defined stays as it stands where its key stands before it in the line. {{ "text" }} and {{ `text` }}
// stand for their text, which is how Go's templates write a "{{". The error names the line and the undefined variable.
// Other {{...}} forms are an error too.
[[nodiscard]] Result<std::string> expand_environment(
    std::string_view text, const std::string& file,
    const std::function<std::optional<std::string>(const std::string&)>& lookup, const LaterTemplates& later = {});

}  // namespace common
