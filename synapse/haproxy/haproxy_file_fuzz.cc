// The file of an earlier life, which anybody may have changed since: what is believed of it can be written again.
#include "common/fuzz/target.h"
#include "synapse/haproxy/render.h"
#include "synapse/haproxy/rendered_words.h"
#include "synapse/haproxy/words.h"

namespace {

using namespace synapse::haproxy;
using common::fuzz::must;

void words_hold_together(std::string_view line) {
  const auto words = split_words(line);
  if (!words) return;
  std::string joined;
  for (const auto& word : *words) joined += (joined.empty() ? "" : " ") + word;
  const auto again = split_words(joined);
  must(again.has_value() && *again == *words, "words that are joined are the same words", joined);
  for (const auto& word : *words) {
    const auto value = unquote(word);
    if (!value) continue;
    if (const auto written = command_word(*value)) {
      must(!common::fuzz::has_control(*written), "a word for a command", *written);
    }
  }
}

ConfigSpec as_config(const RenderedFile& file) {
  ConfigSpec config;
  for (const auto& [name, servers] : file.servers) {
    config.backends.push_back({.service = name, .name = name, .servers = servers});
  }
  return config;
}

}  // namespace

FUZZ_TARGET(haproxy_file) {
  common::fuzz::Input input(bytes);
  while (!input.empty()) words_hold_together(input.line());
  // Most of what is tried would fail at the first line.
  const auto file = read_rendered(std::string(kFirstLine) + "\n" + std::string(bytes));
  if (!file) return;
  for (const auto& [name, servers] : file->servers) {
    for (const auto& server : servers) must(!unsound(server), "a server that is read is sound", server.name);
  }
  const auto first = render(as_config(*file));
  const auto read = read_rendered(first.text);
  must(read.has_value() && read->fingerprint == first.fingerprint, "what is written is one of ours", first.text);
  const auto second = render(as_config(*read));
  must(second.text == first.text, "what is written is what is read", first.text + second.text);
}
