#include <algorithm>
#include <string>
#include <utility>

#include "common/digits.h"
#include "synapse/haproxy/render.h"
#include "synapse/haproxy/rendered_words.h"
#include "synapse/haproxy/words.h"

namespace synapse::haproxy {

namespace {

bool is_fingerprint(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool parse_address(std::string_view word, ServerSpec& server) {
  if (word.starts_with(kSocketPrefix)) {
    server.address = std::string(word.substr(kSocketPrefix.size()));
    return true;
  }
  const auto colon = word.rfind(':');
  if (colon == std::string_view::npos) return false;
  auto address = word.substr(0, colon);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  }
  const auto port = common::number_in<int>(word.substr(colon + 1));
  server.address = std::string(address);
  server.port = port.value_or(0);
  return port.has_value();
}

// server <name> <address> weight <weight> enabled|disabled <options>
std::optional<ServerSpec> parse_server(std::vector<std::string> words) {
  if (words.size() < 6 || words[0] != kServerWord || words[3] != "weight") return std::nullopt;
  if (words[5] != kEnabledWord && words[5] != kDisabledWord) return std::nullopt;
  auto weight = common::number_in<int>(words[4]);
  ServerSpec server;
  if (!weight || !parse_address(words[2], server)) return std::nullopt;
  server.name = words[1];
  server.weight = *weight;
  server.enabled = words[5] == kEnabledWord;
  server.options.assign(std::make_move_iterator(words.begin() + 6), std::make_move_iterator(words.end()));
  if (unsound(server)) return std::nullopt;
  return server;
}

// What a comment says of the server below it.
struct Mark {
  Standing standing = Standing::plain;
  std::optional<int> weight;
};

Mark read_mark(std::string_view comment) {
  if (comment == kUnverifiedMark) return {Standing::unverified, {}};
  if (comment == kHeldInMaintenanceMark) return {Standing::held_in_maintenance, {}};
  for (const auto& [words, standing] :
       {std::pair(kDrainingMark, Standing::draining), std::pair(kHeldInDrainMark, Standing::held_in_drain)}) {
    if (!comment.starts_with(words) || comment.size() <= words.size()) continue;
    const auto weight = common::number_in<int>(comment.substr(words.size() + 1));
    if (weight && *weight >= 0 && *weight <= 256) return {standing, weight};
  }
  return {};
}

// As the registry wants it, as far as the file can tell: who vanished and who is unavailable both drain.
void apply(const Mark& mark, ServerSpec& server) {
  server.standing = mark.standing;
  if (mark.weight) server.weight = *mark.weight;
  if (mark.standing != Standing::plain) server.enabled = mark.standing != Standing::draining;
}

// Walks the lines; knows the section they stand in and whether the servers have begun there.
class FileReader {
 public:
  void line(std::string_view text) {
    bool indented = !text.empty() && text.front() == ' ';
    auto words = split_words(text);
    if (!indented) {
      backend_.clear();
      ours_ = false;
      mark_ = {};
      if (words.has_value() && words->size() == 2 && words->front() == "backend") backend_ = words->at(1);
      return;
    }
    auto start = text.find_first_not_of(' ');
    if (start != std::string_view::npos && text.substr(start) == kServersMarker && !backend_.empty()) {
      ours_ = true;
      file_.servers[backend_];
      return;
    }
    if (ours_ && start != std::string_view::npos && text[start] == '#') {
      mark_ = read_mark(text.substr(start));
      return;
    }
    const auto mark = std::exchange(mark_, Mark());
    if (!words.has_value() || words->empty()) return;
    if (words->size() == 3 && words->at(0) == "setenv" && words->at(1) == kFingerprintVariable &&
        is_fingerprint(words->at(2))) {
      file_.fingerprint = words->at(2);
    }
    if (!ours_) return;
    if (auto server = parse_server(std::move(*words))) {
      apply(mark, *server);
      file_.servers[backend_].push_back(std::move(*server));
    }
  }

  RenderedFile take() { return std::move(file_); }

 private:
  RenderedFile file_;
  std::string backend_;
  bool ours_ = false;
  Mark mark_;
};

}  // namespace

std::optional<RenderedFile> read_rendered(std::string_view text) {
  if (!text.starts_with(kFirstLine)) return std::nullopt;
  FileReader reader;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    // A blank line ends no section.
    if (end > 0) reader.line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  auto file = reader.take();
  if (file.fingerprint.empty()) return std::nullopt;
  return file;
}

}  // namespace synapse::haproxy
