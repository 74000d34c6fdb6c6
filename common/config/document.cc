#include "common/config/document.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "common/config/document_node.h"
#include "common/config/prepare.h"
#include "common/lower_case.h"

namespace common {
namespace {

// A configuration is some thousand nodes of ten levels; more is a mistake or an attack (an alias of aliases grows by
// powers).
constexpr std::size_t max_nodes = 1'000'000;
constexpr std::size_t max_depth = 100;

using NodePtr = std::shared_ptr<DocumentNode>;

int line_of(const YAML::Mark& mark) {
  return mark.line < 0 ? 1 : mark.line + 1;
}

// Builds our tree from the parser's events: unlike yaml-cpp's own nodes this keeps every line, sees duplicate keys, and
// can stop in the middle.
class TreeBuilder : public YAML::EventHandler {
 public:
  std::shared_ptr<const DocumentNode> root() const { return root_; }
  int start() const { return start_; }
  int start_line() const { return start_line_; }
  std::optional<std::size_t> last_quoted() const { return last_quoted_; }  // where the last quoted string begins

  void OnDocumentStart(const YAML::Mark& mark) override {
    start_ = mark.pos;
    start_line_ = line_of(mark);
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto node = make(DocumentNode::Kind::null, mark);
    // Nothing has no place of its own: yaml-cpp gives that of what comes next.
    if (!open_.empty() && open_.back().has_key) node->line = open_.back().key_line;
    complete(node, anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = make(DocumentNode::Kind::scalar, mark);
    node->text = value;
    node->quoted = !tag.empty() && tag != "?";
    if (tag == "!") last_quoted_ = static_cast<std::size_t>(mark.pos);
    complete(node, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refused(line_of(mark), "an alias refers to the value that it is part of");
    count(found->second->size, line_of(mark));
    attach(found->second, line_of(mark));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(DocumentNode::Kind::list, mark), anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(DocumentNode::Kind::mapping, mark), anchor);
  }
  void OnMapEnd() override {
    merge(open_.back());
    close();
  }

 private:
  struct Open {
    NodePtr node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    bool key_quoted = false;
    std::string key;
    int key_line = 1;
    std::map<std::string, int> lines_of_keys;  // in lower case
    std::vector<std::shared_ptr<const DocumentNode>> merged;
  };

  NodePtr make(DocumentNode::Kind kind, const YAML::Mark& mark) {
    count(1, line_of(mark));
    auto node = std::make_shared<DocumentNode>();
    node->kind = kind;
    node->line = line_of(mark);
    return node;
  }

  void count(std::size_t nodes, int line) {
    nodes_ += nodes;
    if (nodes_ > max_nodes) throw Refused(line, "more than " + std::to_string(max_nodes) + " values");
  }

  void open(NodePtr node, YAML::anchor_t anchor) {
    if (open_.size() == max_depth) {
      throw Refused(node->line, "nested deeper than " + std::to_string(max_depth) + " levels");
    }
    Open frame;
    frame.node = std::move(node);
    frame.anchor = anchor;
    open_.push_back(std::move(frame));
  }

  void close() {
    auto frame = std::move(open_.back());
    open_.pop_back();
    complete(frame.node, frame.anchor);
  }

  void complete(const NodePtr& node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    attach(node, node->line);
  }

  void attach(const std::shared_ptr<const DocumentNode>& node, int line) {
    if (open_.empty()) {
      root_ = node;
      return;
    }
    auto& parent = open_.back();
    if (parent.node->kind == DocumentNode::Kind::list) {
      parent.node->items.push_back(node);
      parent.node->size += node->size;
    } else if (!parent.has_key) {
      set_key(parent, *node, line);
    } else {
      set_value(parent, node);
    }
  }

  static void set_key(Open& parent, const DocumentNode& node, int line) {
    if (node.kind != DocumentNode::Kind::scalar) throw Refused(line, "a key must be a string");
    parent.has_key = true;
    parent.key = node.text;
    parent.key_quoted = node.quoted;
    parent.key_line = line;
  }

  static void set_value(Open& parent, const std::shared_ptr<const DocumentNode>& node) {
    parent.has_key = false;
    if (parent.key == "<<" && !parent.key_quoted) {
      parent.merged.push_back(node);
      return;
    }
    const auto [other, fresh] = parent.lines_of_keys.emplace(lower_case(parent.key), parent.key_line);
    if (!fresh) {
      throw Refused(parent.key_line,
                    "key \"" + parent.key + "\" stands twice (first in line " + std::to_string(other->second) + ")");
    }
    parent.node->members.push_back({parent.key, parent.key_line, node});
    parent.node->size += node->size;
  }

  // YAML's merge key: what stands in the mapping itself wins.
  void merge(Open& frame) {
    for (const auto& source : frame.merged) {
      if (source->kind == DocumentNode::Kind::list) {
        for (const auto& item : source->items) merge_one(frame, *item);
      } else {
        merge_one(frame, *source);
      }
    }
  }

  void merge_one(Open& frame, const DocumentNode& source) {
    if (source.kind != DocumentNode::Kind::mapping) {
      throw Refused(frame.node->line, "\"<<\" must refer to a mapping");
    }
    for (const auto& member : source.members) {
      if (!frame.lines_of_keys.emplace(lower_case(member.key), member.key_line).second) continue;
      count(member.value->size, frame.node->line);
      frame.node->members.push_back(member);
      frame.node->size += member.value->size;
    }
  }

  std::shared_ptr<const DocumentNode> root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, NodePtr> anchors_;
  std::size_t nodes_ = 0;
  std::optional<std::size_t> last_quoted_;
  int start_ = 0;
  int start_line_ = 1;
};

// yaml-cpp takes the end of the text for the end of a quoted string.
void check_closed(std::string_view text, std::size_t start) {
  const auto open = text.find_first_of("\"'", start);
  if (open == std::string_view::npos) return;
  for (std::size_t at = open + 1; at < text.size(); ++at) {
    if (text[at] == '\\' && text[open] == '"') {
      ++at;
    } else if (text[at] == text[open]) {
      if (text[open] == '"' || at + 1 == text.size() || text[at + 1] != '\'') return;
      ++at;
    }
  }
  const auto lines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(open), '\n');
  throw Refused(static_cast<int>(lines) + 1, "a quoted string is not closed");
}

std::shared_ptr<const DocumentNode> build(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  TreeBuilder builder;
  parser.HandleNextDocument(builder);
  if (builder.last_quoted()) check_closed(text, *builder.last_quoted());
  auto start = builder.start();
  for (;;) {
    TreeBuilder more;
    if (!parser.HandleNextDocument(more)) break;
    // The parser stays where it is when something stands there that begins no value.
    if (more.start() == start) throw Refused(more.start_line(), "something that belongs nowhere, such as a comma");
    start = more.start();
    if (more.root() && more.root()->kind != DocumentNode::Kind::null) {
      throw Refused(more.root()->line, "a second document begins; one is expected");
    }
  }
  return builder.root() ? builder.root() : std::make_shared<const DocumentNode>();
}

// yaml-cpp's words for a tab in the indentation help nobody.
bool indented_by_tab(std::string_view text, int line) {
  for (; line > 1; --line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  const auto indent = text.substr(0, text.find_first_not_of(" \t"));
  return indent.find('\t') != std::string_view::npos;
}

}  // namespace

Document::Document(std::shared_ptr<const DocumentNode> root, std::string file)
    : root_(std::move(root)), file_(std::move(file)) {}

Result<Document> Document::parse(std::string_view text, std::string file) {
  try {
    return Document(build(prepare(text)), file);
  } catch (const Refused& refused) {
    return fail(one_line(file + ":" + std::to_string(refused.line()) + ": " + refused.what()));
  } catch (const YAML::Exception& exception) {
    const int line = line_of(exception.mark);
    const bool tab = indented_by_tab(text, line);
    return fail(one_line(file + ":" + std::to_string(line) + ": " +
                         (tab ? "YAML must not be indented by tabs" : exception.msg)));
  }
}

}  // namespace common
