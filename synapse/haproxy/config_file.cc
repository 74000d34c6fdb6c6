#include "synapse/haproxy/config_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <unistd.h>
#include <utility>

#include "common/file/write_atomically.h"
#include "common/process/command.h"
#include "synapse/haproxy/advice.h"

namespace synapse::haproxy {
namespace {

// 10,000 servers take a tenth of a second; a machine that starts up may take much longer.
constexpr std::chrono::seconds kCheckTimeout{20};
// The configuration may hold passwords of the user's own sections.
constexpr mode_t kMode = 0640;

// What HAProxy complains of, without what it only mentions.
std::string alerts(const std::string& output) {
  std::string lines;
  for (std::size_t begin = 0; begin < output.size();) {
    const auto end = std::min(output.find('\n', begin), output.size());
    const auto line = output.substr(begin, end - begin);
    if (line.starts_with("[ALERT]")) lines += (lines.empty() ? "" : "\n") + line;
    begin = end + 1;
  }
  return lines.empty() ? output : lines;
}

void replace_all(std::string& text, const std::string& old, const std::string& fresh) {
  for (auto at = text.find(old); at != std::string::npos; at = text.find(old, at + fresh.size())) {
    text.replace(at, old.size(), fresh);
  }
}

// The text with what HAProxy said of it. The words come last, because they name lines by their numbers.
std::string with_words(std::string text, const std::string& words) {
  if (!text.ends_with('\n')) text += '\n';
  text += "\n# HAProxy refused this file:\n";
  for (std::size_t begin = 0; begin < words.size();) {
    const auto end = std::min(words.find('\n', begin), words.size());
    text += "# " + words.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return text;
}

}  // namespace

Secrets secrets_of(std::string_view configuration) {
  return {configuration, [](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str());
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          }};
}

void ConfigFile::read() {
  const auto text = common::read_file(path_, kMaxConfigBytes);
  text_ = text ? *text : "";
  // Of a life that was killed while it wrote or checked.
  for (const auto* name : {"", ".candidate", ".proof", ".rejected", ".behind"}) common::remove_unfinished(path_ + name);
  for (const auto* name : {".candidate", ".proof"}) ::unlink((path_ + name).c_str());
  behind_ = ::access((path_ + ".behind").c_str(), F_OK) == 0 || !can_be_marked();
}

// Where no mark can be made, as on a disk that may only be read, none says nothing.
bool ConfigFile::can_be_marked() const {
  const auto mark = path_ + ".behind";
  const int made = ::open(mark.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, kMode);
  if (made < 0) return false;
  ::close(made);
  ::unlink(mark.c_str());
  return true;
}

void ConfigFile::caught_up() {
  if (std::exchange(behind_, false)) ::unlink((path_ + ".behind").c_str());
}

// Without a text, so that it can be done on most full disks.
void ConfigFile::fall_behind() {
  if (!std::exchange(behind_, true)) (void)common::write_atomically(path_ + ".behind", "", kMode);
}

void ConfigFile::drop_rejected() {
  if (!proof_refused_) ::unlink(rejected().c_str());
}

void ConfigFile::forget_refused() {
  if (std::exchange(proof_refused_, false)) drop_rejected();
}

// Writes the candidate and has it checked. It stays when it may be used: replaced, or unchecked with the reason.
boost::asio::awaitable<ConfigFile::Replacement> ConfigFile::check(const std::string& candidate,
                                                                  const std::string& text) {
  if (const auto written = common::write_atomically(candidate, text, kMode); !written) {
    co_return Replacement{Outcome::failed, with_advice(written.error().message)};
  }
  common::CommandOptions command;
  command.argv = {binary_, "-c", "-f", candidate};
  command.timeout = kCheckTimeout;
  command.max_output = 8192;
  const auto check = co_await common::run_command(std::move(command));
  if (check.ok()) co_return Replacement{Outcome::replaced, ""};
  if (check.end == common::CommandResult::End::not_started) {
    co_return Replacement{Outcome::unchecked, with_advice(binary_ + ": " + check.describe())};
  }
  ::unlink(candidate.c_str());
  if (check.end != common::CommandResult::End::exited) {
    co_return Replacement{Outcome::failed, binary_ + " -c: " + secrets_of(text).masked(check.describe())};
  }
  auto words = secrets_of(text).masked(with_advice(alerts(check.output)));
  replace_all(words, candidate, rejected());
  // Only for people: what cannot be written is in the log all the same.
  (void)common::write_atomically(rejected(), with_words(text, words), kMode);
  co_return Replacement{Outcome::refused, words};
}

boost::asio::awaitable<ConfigFile::Replacement> ConfigFile::replace(std::string text) {
  auto replacement = co_await check_and_replace(std::move(text));
  if (replacement.outcome == Outcome::refused || replacement.outcome == Outcome::failed) {
    fall_behind();
  } else {
    caught_up();
  }
  co_return replacement;
}

boost::asio::awaitable<ConfigFile::Replacement> ConfigFile::check_and_replace(std::string text) {
  if (text == text_) {
    drop_rejected();
    co_return Replacement{Outcome::unchanged, ""};
  }
  const std::string candidate = path_ + ".candidate";
  auto result = co_await check(candidate, text);
  if (result.outcome != Outcome::replaced && result.outcome != Outcome::unchecked) co_return result;
  if (::rename(candidate.c_str(), path_.c_str()) != 0) {
    const std::string reason = std::strerror(errno);
    ::unlink(candidate.c_str());
    co_return Replacement{Outcome::failed, "cannot replace " + path_ + ": " + reason};
  }
  text_ = std::move(text);
  drop_rejected();
  co_return result;
}

boost::asio::awaitable<common::Result<void>> ConfigFile::prove(std::string text) {
  const std::string candidate = path_ + ".proof";
  const auto result = co_await check(candidate, text);
  if (result.outcome == Outcome::failed) co_return common::fail(result.words);
  proof_refused_ = result.outcome == Outcome::refused;
  if (proof_refused_) {
    co_return common::fail("HAProxy refuses the new configuration, kept as " + rejected() + ". It says:\n" +
                           result.words);
  }
  ::unlink(candidate.c_str());
  drop_rejected();
  co_return common::Result<void>();
}

}  // namespace synapse::haproxy
