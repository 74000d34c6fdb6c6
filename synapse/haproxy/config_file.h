// The configuration file on disk. A new text is checked by `haproxy -c` and then renamed over the old one: whoever
// reads the file finds something that HAProxy accepts. Owned by the driver; loop thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "common/result.h"
#include "synapse/haproxy/secrets.h"

namespace synapse::haproxy {

constexpr std::size_t kMaxConfigBytes = 256 * 1024 * 1024;

// What an HAProxy that we start must not have quoted of a configuration: it has our environment.
[[nodiscard]] Secrets secrets_of(std::string_view configuration);

class ConfigFile {
 public:
  // `binary`: the haproxy that checks.
  ConfigFile(std::string path, std::string binary) : path_(std::move(path)), binary_(std::move(binary)) {}

  // What is on disk; empty when there is no file, or none that can be read.
  void read();

  // Whether the file tells less than what HAProxy was told at its socket, because a text could not be written. A mark
  // beside it, `<path>.behind`, tells it to the next synapse too.
  bool behind() const { return behind_; }
  // The text is what is wanted, although no text was replaced.
  void caught_up();

  enum class Outcome { unchanged, replaced, unchecked, refused, failed };
  struct Replacement {
    Outcome outcome = Outcome::failed;
    std::string words;  // unchecked: why; refused: HAProxy's; failed: ours
  };
  // unchecked: replaced, but there is no haproxy here to ask. refused: the old file stands, the text is beside it as
  // `<path>.rejected` with HAProxy's words at its end, until a later text is accepted.
  boost::asio::awaitable<Replacement> replace(std::string text);

  // Asks HAProxy about a text that is not to replace the file yet. Where there is no haproxy to ask, it is as good as
  // accepted. The error names the reason: HAProxy's words, with the text kept as above until a later one is proven or
  // forget_refused() is called, whatever replaces the file meanwhile; or why it could not be asked.
  boost::asio::awaitable<common::Result<void>> prove(std::string text);
  void forget_refused();

  const std::string& text() const { return text_; }
  const std::string& path() const { return path_; }

 private:
  std::string rejected() const { return path_ + ".rejected"; }
  boost::asio::awaitable<Replacement> check(const std::string& candidate, const std::string& text);
  boost::asio::awaitable<Replacement> check_and_replace(std::string text);
  bool can_be_marked() const;
  void drop_rejected();
  void fall_behind();

  std::string path_;
  std::string binary_;
  std::string text_;
  bool proof_refused_ = false;  // the text that is kept beside is the one of prove()
  bool behind_ = false;
};

}  // namespace synapse::haproxy
