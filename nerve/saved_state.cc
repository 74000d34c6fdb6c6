#include "nerve/saved_state.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <unistd.h>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "common/file/secret_file.h"
#include "common/file/write_atomically.h"
#include "common/whole_number.h"
#include "nerve/lifecycle/state.h"

namespace nerve {
namespace {

using common::fail;
using common::Result;
using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::size_t kMostBytes = 4 * 1024 * 1024;

std::string hex(const std::array<char, 16>& bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::array<char, 16> from_hex(const std::string& text) {
  std::array<char, 16> bytes{};
  if (text.size() != 2 * bytes.size()) throw std::invalid_argument("a session's password has another length");
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    unsigned value = 0;
    const char* const digits = text.data() + 2 * i;
    if (std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) {
      throw std::invalid_argument("a session's password is not hexadecimal");
    }
    bytes[i] = static_cast<char>(value);
  }
  return bytes;
}

Json to_json(const SavedSession& session) {
  Json nodes = Json::array();
  for (const auto& node : session.nodes) nodes.push_back({{"path", node.path}, {"persistent", node.persistent}});
  return {{"ensemble", session.key}, {"id", session.id}, {"password", hex(session.password)}, {"nodes", nodes}};
}

Json to_json(const Resumed& service) {
  Json json{{"mode", name_of(service.mode)}};
  if (service.full_weight) json["weight"] = *service.full_weight;
  return json;
}

SavedSession session_of(const Json& json) {
  SavedSession session;
  session.key = json.at("ensemble").get<std::string>();
  session.id = common::whole_number(json.at("id"));
  session.password = from_hex(json.at("password").get<std::string>());
  for (const auto& node : json.at("nodes")) {
    session.nodes.push_back({node.at("path").get<std::string>(), node.at("persistent").get<bool>()});
  }
  return session;
}

Resumed service_of(const Json& json) {
  Resumed service;
  const auto word = json.at("mode").get<std::string>();
  const auto mode = std::find_if(kModes.begin(), kModes.end(), [&](Mode each) { return name_of(each) == word; });
  if (mode == kModes.end()) throw std::invalid_argument("a service's mode is unknown");
  service.mode = *mode;
  if (json.contains("weight")) {
    service.full_weight = static_cast<int>(common::whole_number(json.at("weight"), 1, 255));
  }
  return service;
}

}  // namespace

std::string encode(const SavedState& state) {
  Json sessions = Json::array();
  for (const auto& session : state.sessions) sessions.push_back(to_json(session));
  Json services = Json::object();
  for (const auto& [name, service] : state.services) services[name] = to_json(service);
  const Json json{{"version", kVersion}, {"sessions", sessions}, {"services", services}};
  return json.dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<SavedState> decode_state(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    if (common::whole_number(json.at("version")) != kVersion) return fail("it is of another version of nerve");
    SavedState state;
    for (const auto& session : json.at("sessions")) state.sessions.push_back(session_of(session));
    for (const auto& [name, service] : json.at("services").items()) state.services[name] = service_of(service);
    return state;
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}

Result<std::unique_ptr<SavedStateFile>> SavedStateFile::claim(const std::string& path) {
  std::error_code error;
  const auto directory = std::filesystem::path(path).parent_path();
  if (!directory.empty()) std::filesystem::create_directories(directory, error);
  if (error) return fail("cannot create " + directory.string() + ": " + error.message());
  // Another file than the state itself, which is replaced at each change.
  auto lock = common::FileLock::claim(path + ".lock");
  if (!lock) return lock.error();
  if (!*lock) return std::unique_ptr<SavedStateFile>();
  common::remove_unfinished(path);
  return std::unique_ptr<SavedStateFile>(new SavedStateFile(path, *std::move(lock)));
}

Result<SavedState> SavedStateFile::load() const {
  if (std::error_code error; !std::filesystem::exists(path_, error) && !error) return SavedState{};
  // Who read it has the sessions, and who wrote it may have made them up.
  const auto text =
      common::read_secret_file(path_, "the sessions of an earlier life", kMostBytes, common::SecretReaders::owner);
  if (!text) return text.error();
  auto state = decode_state(*text);
  if (!state) return fail(path_ + " is of no use: " + state.error().message);
  return state;
}

Result<void> SavedStateFile::save(const SavedState& state) {
  std::string text = encode(state);
  if (saved_ == text) return {};
  auto written = common::write_atomically(path_, text, 0600);
  if (written) saved_ = std::move(text);
  return written;
}

void SavedStateFile::remove() {
  saved_.reset();
  ::unlink(path_.c_str());
}

}  // namespace nerve
