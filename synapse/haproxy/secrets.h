// The secrets of a configuration of HAProxy's, to be taken out of what HAProxy says: it quotes the lines that it does
// not like, as they are written, or as it understands them. Owned by whoever listens to an HAProxy that reads the
// configuration. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace synapse::haproxy {

class Secrets {
 public:
  using Environment = std::function<std::optional<std::string>(const std::string& name)>;

  Secrets() = default;
  // What is masked in the lines of `configuration` when they are shown. `environment` is HAProxy's: a line may name
  // variables in place of a secret.
  Secrets(std::string_view configuration, const Environment& environment);

  // The text with "***" in place of every secret, also of one of which a limit has cut off the end, and in place of a
  // line with a secret that it shows a part of. A word of less than four letters is no secret, and would be found in
  // others.
  [[nodiscard]] std::string masked(std::string_view said) const;

 private:
  void add(std::string_view word);
  void add_word(const std::string& written, const Environment& environment);
  [[nodiscard]] std::string masked_line(std::string line) const;

  std::vector<std::string> words_;  // the longest first
  std::vector<std::string> lines_;  // as HAProxy prints them
};

}  // namespace synapse::haproxy
