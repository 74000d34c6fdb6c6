#include "synapse/haproxy/render.h"

#include <algorithm>
#include <cstdint>

#include <fmt/core.h>

#include "common/registration/validate.h"
#include "synapse/haproxy/rendered_words.h"
#include "synapse/haproxy/traits.h"
#include "synapse/haproxy/words.h"

namespace synapse::haproxy {

namespace {

// FNV-1a, 64 bits: small, and the same in every build. It guards against mistakes, not against attackers.
std::string fingerprint_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return fmt::format("{:016x}", hash);
}

void append_line(std::string& text, std::string_view line) {
  const auto clean = one_line(line);
  const auto start = clean.find_first_not_of(' ');
  if (start == std::string::npos) return;
  auto end = clean.find_last_not_of(' ') + 1;
  // A blank behind a backslash is a part of the last word.
  const auto before = clean.find_last_not_of('\\', end - 1);
  const auto backslashes = before == std::string::npos ? end : end - 1 - before;
  if (end < clean.size() && backslashes % 2 == 1) ++end;
  text += "    ";
  text.append(clean, start, end - start);
  text += '\n';
}

void append_header(std::string& text, std::string_view keyword, std::string_view name) {
  text += fmt::format("\n{} {}\n", keyword, one_line(name));
}

void append_sections(std::string& text, std::string_view keyword, const Sections& sections) {
  for (const auto& [name, lines] : sections) {
    append_header(text, keyword, name);
    for (const auto& line : lines) append_line(text, line);
  }
}

// A service's lines stay inside its own section.
void append_service_lines(std::string& text, const BackendSpec& backend, const std::vector<std::string>& lines,
                          std::vector<std::string>& warnings) {
  for (const auto& line : lines) {
    if (begins_section(one_line(line))) {
      append_line(text, "# left out: " + line);
      warnings.push_back(backend.name +
                         ": left out: a line of a service cannot begin a section: " + common::quote_for_log(line));
    } else {
      append_line(text, line);
    }
  }
}

void append_mark(std::string& text, const ServerSpec& server) {
  switch (server.standing) {
    case Standing::plain:
      break;
    case Standing::unverified:
      append_line(text, kUnverifiedMark);
      break;
    case Standing::draining:
      append_line(text, fmt::format("{} {}", kDrainingMark, server.weight));
      break;
    case Standing::held_in_maintenance:
      append_line(text, kHeldInMaintenanceMark);
      break;
    case Standing::held_in_drain:
      append_line(text, fmt::format("{} {}", kHeldInDrainMark, server.weight));
      break;
  }
}

void append_server(std::string& text, const ServerSpec& server) {
  // Weight 0 is as near to drain as a file comes: no new connections but those of clients that belong to the server.
  const bool drained = server.standing == Standing::draining || server.standing == Standing::held_in_drain;
  const bool enabled = drained || (server.enabled && server.standing == Standing::plain);
  append_mark(text, server);
  auto line = fmt::format("{} {} {} weight {} {}", kServerWord, server.name, written_address(server),
                          drained ? 0 : server.weight, enabled ? kEnabledWord : kDisabledWord);
  for (const auto& word : server.options) line += " " + word;
  append_line(text, line);
}

// The file in pieces, between which the servers and the fingerprint are put.
struct Skeleton {
  std::string before_fingerprint;
  std::string after_fingerprint;
  struct Backend {
    std::string text;
    std::string servers;
  };
  std::vector<Backend> backends;
  std::vector<std::string> warnings;
};

// Behind every line that could take the variable away again.
std::size_t place_of_fingerprint(const std::vector<std::string>& global) {
  std::size_t place = 0;
  for (std::size_t i = 0; i < global.size(); ++i) {
    auto words = split_words(global[i]);
    if (!words.has_value() || words->empty()) continue;
    bool names_it = std::find(words->begin(), words->end(), kFingerprintVariable) != words->end();
    if (words->front() == "resetenv" || names_it) place = i + 1;
  }
  return place;
}

// A service that is not declared has no lines here: they would name a backend that is not there.
void append_shared_frontend(Skeleton& skeleton, const ConfigSpec& config) {
  if (config.shared_frontend.empty()) return;
  append_header(skeleton.after_fingerprint, "frontend", config.shared_frontend);
  for (const auto& line : config.shared_lines) append_line(skeleton.after_fingerprint, line);
  for (const auto& backend : config.backends) {
    append_service_lines(skeleton.after_fingerprint, backend, backend.shared_lines, skeleton.warnings);
  }
}

void append_backend(Skeleton& skeleton, const BackendSpec& backend) {
  Skeleton::Backend piece;
  if (!backend.frontend_lines.empty()) {
    append_header(piece.text, "frontend", backend.name);
    append_service_lines(piece.text, backend, backend.frontend_lines, skeleton.warnings);
    append_line(piece.text, "default_backend " + backend.name);
  }
  append_header(piece.text, "backend", backend.name);
  append_service_lines(piece.text, backend, backend.backend_lines, skeleton.warnings);
  append_line(piece.text, kServersMarker);
  for (const auto& server : usable_servers(backend, declared_servers(backend.backend_lines), &skeleton.warnings)) {
    append_server(piece.servers, server);
  }
  skeleton.backends.push_back(std::move(piece));
}

Skeleton skeleton_of(const ConfigSpec& config) {
  Skeleton skeleton;
  auto place = place_of_fingerprint(config.global);
  skeleton.before_fingerprint = fmt::format("{}\n\nglobal\n", kFirstLine);
  for (std::size_t i = 0; i < config.global.size(); ++i) {
    append_line(i < place ? skeleton.before_fingerprint : skeleton.after_fingerprint, config.global[i]);
  }
  for (const auto& [header, lines] : config.extra) {
    skeleton.after_fingerprint += fmt::format("\n{}\n", one_line(header));
    for (const auto& line : lines) append_line(skeleton.after_fingerprint, line);
  }
  skeleton.after_fingerprint += "\ndefaults\n";
  for (const auto& line : config.defaults) append_line(skeleton.after_fingerprint, line);
  append_sections(skeleton.after_fingerprint, "listen", config.listen);
  append_sections(skeleton.after_fingerprint, "frontend", config.frontend);
  append_sections(skeleton.after_fingerprint, "backend", config.backend);
  append_shared_frontend(skeleton, config);
  for (const auto& backend : config.backends) append_backend(skeleton, backend);
  return skeleton;
}

}  // namespace

RenderedConfig render(const ConfigSpec& config) {
  auto skeleton = skeleton_of(config);
  auto bare = skeleton.before_fingerprint + skeleton.after_fingerprint;
  for (const auto& backend : skeleton.backends) bare += backend.text;

  RenderedConfig rendered;
  rendered.fingerprint = fingerprint_of(bare);
  rendered.warnings = std::move(skeleton.warnings);
  rendered.text = skeleton.before_fingerprint;
  append_line(rendered.text, fmt::format("setenv {} {}", kFingerprintVariable, rendered.fingerprint));
  rendered.text += skeleton.after_fingerprint;
  for (const auto& backend : skeleton.backends) rendered.text += backend.text + backend.servers;
  return rendered;
}

}  // namespace synapse::haproxy
