#include "common/config/secrets.h"

#include <cstddef>
#include <vector>

#include "common/config/document_node.h"
#include "common/config/mask.h"
#include "common/config/meaning.h"
#include "common/config/prepare.h"
#include "common/lower_case.h"

namespace common {
namespace {

// Stands for what a variable would say.
constexpr std::string_view kVariable = "from-the-environment";

// Unlike meaning_inside(), only what its own name tells of: most bodies, headers and variables are no secret.
Meaning known_meaning(Meaning mapping, std::string_view key) {
  if (is_secret_key(key)) return Meaning::secret;
  if (mapping == Meaning::headers && lower_case(key).find("auth") != std::string::npos) return Meaning::secret;
  if (mapping == Meaning::headers || mapping == Meaning::secrets_by_name) return Meaning::text;
  const auto meaning = meaning_inside(mapping, key);
  return meaning == Meaning::secret && mapping != Meaning::secret ? Meaning::text : meaning;
}

// Walks through a document and keeps the place of the first secret, and how many there are.
class SecretFinder {
 public:
  void find(const DocumentNode& node, const std::string& path, Meaning meaning) {
    switch (node.kind) {
      case DocumentNode::Kind::null:
        break;
      case DocumentNode::Kind::scalar:
        if (is_secret(node.text, meaning)) found(node, path);
        break;
      case DocumentNode::Kind::list:
        if (meaning == Meaning::command) {
          if (is_secret(node)) found(node, path);
          break;
        }
        for (std::size_t i = 0; i < node.items.size(); ++i) {
          find(*node.items[i], path + "[" + std::to_string(i) + "]", meaning);
        }
        break;
      case DocumentNode::Kind::mapping:
        for (const auto& member : node.members) {
          find(*member.value, path.empty() ? member.key : path + "." + member.key, known_meaning(meaning, member.key));
        }
        break;
    }
  }

  std::size_t count() const { return count_; }
  const std::string& path() const { return path_; }
  int line() const { return line_; }

 private:
  static bool is_secret(const std::string& text, Meaning meaning) {
    if (text.find(kVariable) != std::string::npos) return false;
    // A variable of HAProxy's own, which it takes from its environment.
    if (meaning == Meaning::haproxy_lines &&
        (text.find("${") != std::string::npos || text.find("\"$") != std::string::npos)) {
      return false;
    }
    return (meaning == Meaning::url ? mask_secrets(text) : masked_text(text, meaning)) != text;
  }

  static bool is_secret(const DocumentNode& command) {
    std::vector<std::string> words;
    for (const auto& item : command.items) words.push_back(item->text);
    const auto masked = mask_command(words);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (masked[i] != words[i] && words[i].find(kVariable) == std::string::npos) return true;
    }
    return false;
  }

  void found(const DocumentNode& node, const std::string& path) {
    if (count_++ > 0) return;
    path_ = path;
    line_ = node.line;
  }

  std::size_t count_ = 0;
  std::string path_;
  int line_ = 0;
};

SecretFinder secrets_of(const Document& document) {
  SecretFinder finder;
  finder.find(document.root(), "", Meaning::text);
  return finder;
}

}  // namespace

void warn_of_open_secrets(const Document& document, std::string_view given, const ReadableByOthers& readable_by_others,
                          Diagnostics& diagnostics) {
  const auto& file = document.file();
  if (!readable_by_others || !readable_by_others(file)) return;
  auto secrets = secrets_of(document);
  if (secrets.count() == 0) return;
  if (given.find("{{") != std::string_view::npos) {
    const auto bare = expand_environment(given, file, [](const auto&) { return std::string(kVariable); });
    // A variable that holds more than a value leaves no document: then what it says counts, too.
    if (const auto without = bare ? Document::parse(*bare, file) : bare.error(); without) {
      secrets = secrets_of(*without);
    }
  }
  if (secrets.count() == 0) return;
  const auto more = secrets.count() == 1 ? "" : " and " + std::to_string(secrets.count() - 1) + " more";
  diagnostics.warnings.push_back(one_line(file + ":" + std::to_string(secrets.line()) + ": " + secrets.path() + more +
                                          ": a secret, as it seems, in a file that others may read; run: chmod 600 " +
                                          file));
}

}  // namespace common
