#include "common/config/document.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "common/config/document_node.h"

namespace common {
namespace {

// A configuration is some thousand nodes of ten levels; more is a mistake or an attack (an alias of aliases grows by
// powers).
constexpr std::size_t max_nodes = 1'000'000;
constexpr std::size_t max_depth = 100;

using NodePtr = std::shared_ptr<DocumentNode>;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

class Refused : public std::runtime_error {
 public:
  Refused(int line, const std::string& what) : std::runtime_error(what), line_(line) {}
  int line() const { return line_; }

 private:
  int line_;
};

int line_of(const YAML::Mark& mark) {
  return mark.line < 0 ? 1 : mark.line + 1;
}

// Builds our tree from the parser's events: unlike yaml-cpp's own nodes this keeps every line, sees duplicate keys, and
// can stop in the middle.
class TreeBuilder : public YAML::EventHandler {
 public:
  std::shared_ptr<const DocumentNode> root() const { return root_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto node = make(DocumentNode::Kind::null, mark);
    complete(node, anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = make(DocumentNode::Kind::scalar, mark);
    node->text = value;
    node->quoted = !tag.empty() && tag != "?";
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
    const auto [other, fresh] = parent.lines_of_keys.emplace(lower(parent.key), parent.key_line);
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
      if (!frame.lines_of_keys.emplace(lower(member.key), member.key_line).second) continue;
      count(member.value->size, frame.node->line);
      frame.node->members.push_back(member);
      frame.node->size += member.value->size;
    }
  }

  std::shared_ptr<const DocumentNode> root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, NodePtr> anchors_;
  std::size_t nodes_ = 0;
};

// Length of the UTF-8 sequence at the start of `text`; 0 when it is none (overlong, surrogate, cut).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

// yaml-cpp takes some control characters as its own marks and repairs broken UTF-8 silently.
void check_characters(std::string_view text) {
  int line = 1;
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c == '\n') ++line;
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
      constexpr std::string_view digits = "0123456789abcdef";
      throw Refused(line, std::string("control character 0x") + digits[c >> 4] + digits[c & 15]);
    }
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) throw Refused(line, "not UTF-8");
    at += length;
  }
}

// The first character of the first value: after white space, comments and a document mark.
char first_significant(std::string_view text) {
  while (!text.empty()) {
    const auto start = text.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return 0;
    text.remove_prefix(start);
    const bool skip_line = text[0] == '#' || text[0] == '%';
    if (skip_line) {
      text.remove_prefix(std::min(text.find('\n'), text.size()));
    } else if (text.substr(0, 3) == "---") {
      text.remove_prefix(3);
    } else {
      return text[0];
    }
  }
  return 0;
}

std::optional<std::uint32_t> unicode_escape(std::string_view text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(2, 4)) {
    if (!std::isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
    const auto digit = static_cast<unsigned char>(std::tolower(static_cast<unsigned char>(c)));
    value = value * 16 + static_cast<std::uint32_t>(digit >= 'a' ? digit - 'a' + 10 : digit - '0');
  }
  return value;
}

// JSON is YAML but for two things: it is indented by tabs at times, and a character outside the basic plane is written
// as two \u escapes. Lines stay where they are.
class JsonToYaml {
 public:
  explicit JsonToYaml(std::string_view text) : text_(text) { result_.reserve(text.size()); }

  std::string run() {
    while (at_ < text_.size()) {
      if (quote_ != 0) {
        in_quotes();
      } else {
        outside();
      }
    }
    return std::move(result_);
  }

 private:
  void outside() {
    const char c = text_[at_];
    const bool after_space = at_ == 0 || std::isspace(static_cast<unsigned char>(text_[at_ - 1]));
    if (c == '#' && (after_space || last_ == ',')) {
      const auto end = std::min(text_.find('\n', at_), text_.size());
      at_ = end;
      return;
    }
    // In the middle of a plain word a quote is a character like others.
    if ((c == '"' || c == '\'') && std::string_view("{[,:?").find(last_) != std::string_view::npos) quote_ = c;
    if (!std::isspace(static_cast<unsigned char>(c))) last_ = c;
    result_ += c == '\t' ? ' ' : c;
    ++at_;
  }

  void in_quotes() {
    const char c = text_[at_];
    if (c == '\\' && quote_ == '"' && at_ + 1 < text_.size()) {
      escape();
      return;
    }
    if (c == quote_) {
      const bool doubled = quote_ == '\'' && at_ + 1 < text_.size() && text_[at_ + 1] == '\'';
      if (doubled) {
        result_ += "''";
        at_ += 2;
        return;
      }
      quote_ = 0;
      last_ = c;
    }
    result_ += c;
    ++at_;
  }

  void escape() {
    const auto high = unicode_escape(text_.substr(at_));
    const auto low = high ? unicode_escape(text_.substr(at_ + 6)) : std::nullopt;
    if (low && *high >= 0xD800 && *high < 0xDC00 && *low >= 0xDC00 && *low < 0xE000) {
      const std::uint32_t code = 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00);
      std::ostringstream hex;
      hex << std::hex << std::uppercase << code;
      result_ += "\\U" + std::string(8 - hex.str().size(), '0') + hex.str();
      at_ += 12;
      return;
    }
    result_ += text_.substr(at_, 2);
    at_ += 2;
  }

  std::string_view text_;
  std::string result_;
  std::size_t at_ = 0;
  char quote_ = 0;
  char last_ = ',';
};

std::shared_ptr<const DocumentNode> build(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.substr(0, byte_order_mark.size()) == byte_order_mark) text.remove_prefix(byte_order_mark.size());
  check_characters(text);
  const char first = first_significant(text);
  std::istringstream stream(first == '{' || first == '[' ? JsonToYaml(text).run() : std::string(text));
  YAML::Parser parser(stream);
  TreeBuilder builder;
  parser.HandleNextDocument(builder);
  auto root = builder.root() ? builder.root() : std::make_shared<const DocumentNode>();
  TreeBuilder second;
  if (parser.HandleNextDocument(second) && second.root()) {
    throw Refused(second.root()->line, "a second document begins; one is expected");
  }
  return root;
}

int line_at(std::string_view text, std::size_t offset) {
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

bool is_variable_name(std::string_view name) {
  const auto word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), word);
}

std::string_view trimmed(std::string_view text) {
  const auto start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t") - start + 1);
}

Result<std::string> expand_once(std::string_view text, const std::string& file,
                                const std::function<std::optional<std::string>(const std::string&)>& lookup) {
  std::string result;
  std::size_t at = 0;
  for (;;) {
    const auto start = text.find("{{", at);
    result += text.substr(at, start == std::string_view::npos ? start : start - at);
    if (start == std::string_view::npos) return result;
    const auto place = [&] { return file + ":" + std::to_string(line_at(text, start)) + ": "; };
    const auto end = text.find("}}", start);
    if (end == std::string_view::npos || text.substr(start, end - start).find('\n') != std::string_view::npos) {
      return fail(place() + "\"{{\" without \"}}\" in the same line");
    }
    const auto inner = trimmed(text.substr(start + 2, end - start - 2));
    if (inner.empty() || inner[0] != '.' || !is_variable_name(inner.substr(1))) {
      return fail(place() + "\"" + std::string(text.substr(start, end + 2 - start)) +
                  "\" is not understood; only {{ .NAME }} is, the environment variable NAME");
    }
    const std::string name(inner.substr(1));
    const auto value = lookup(name);
    if (!value) return fail(place() + "environment variable " + name + " is not defined");
    result += *value;
    at = end + 2;
  }
}

}  // namespace

Document::Document(std::shared_ptr<const DocumentNode> root, std::string file)
    : root_(std::move(root)), file_(std::move(file)) {}

Result<Document> Document::parse(std::string_view text, std::string file) {
  try {
    return Document(build(text), file);
  } catch (const Refused& refused) {
    return fail(file + ":" + std::to_string(refused.line()) + ": " + refused.what());
  } catch (const YAML::Exception& exception) {
    return fail(file + ":" + std::to_string(line_of(exception.mark)) + ": " + exception.msg);
  }
}

Result<std::string> expand_environment(std::string_view text, const std::string& file,
                                       const std::function<std::optional<std::string>(const std::string&)>& lookup) {
  auto once = expand_once(text, file, lookup);
  if (!once) return once;
  return expand_once(*once, file, lookup);
}

}  // namespace common
