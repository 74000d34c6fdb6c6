#include "synapse/output/file_router.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <boost/algorithm/string/join.hpp>
#include <nlohmann/json.hpp>

#include "common/file/write_atomically.h"
#include "common/registration/validate.h"

namespace synapse {

namespace asio = boost::asio;
using common::fail;
using common::Result;
using nlohmann::ordered_json;

namespace {

constexpr const char* kType = "file";
constexpr const char* kOwnFiles = ".synapse-files";
constexpr std::string_view kSuffix = ".json";
constexpr std::size_t kMaxIdDigits = 18;

std::string file_of(const std::string& service) {
  return service + std::string(kSuffix);
}

// The number behind the last `_` of a node's name, as Airbnb's synapse takes it.
ordered_json id_of(const std::string& child) {
  const auto place = child.rfind('_');
  const auto digits = place == std::string::npos ? child : child.substr(place + 1);
  if (digits.empty() || digits.size() > kMaxIdDigits || digits.find_first_not_of("0123456789") != std::string::npos) {
    return nullptr;
  }
  return std::stoll(digits);
}

// A line of .synapse-files: nothing that stands there may lead out of the directory.
bool is_file_of_a_service(std::string_view name) {
  return name.size() > kSuffix.size() && name.ends_with(kSuffix) &&
         common::is_server_name(name.substr(0, name.size() - kSuffix.size()));
}

std::set<std::string> read_own_files(const std::string& path) {
  std::set<std::string> files;
  const auto text = common::read_file(path);
  if (!text) return files;
  for (std::size_t begin = 0; begin < text->size();) {
    const auto end = std::min(text->find('\n', begin), text->size());
    auto name = text->substr(begin, end - begin);
    if (is_file_of_a_service(name)) files.insert(std::move(name));
    begin = end + 1;
  }
  return files;
}

}  // namespace

std::string backends_json(const std::vector<RoutedServer>& servers) {
  auto list = ordered_json::array();
  for (const auto& server : servers) {
    if (!server.available) continue;
    const auto options = boost::algorithm::join(server.options, " ");
    ordered_json backend{{"name", server.registered_name},
                         {"host", server.host},
                         {"port", server.port},
                         {"id", id_of(server.child)},
                         {"weight", server.weight},
                         {"haproxy_server_options", nullptr},
                         {"labels", nullptr}};
    if (!options.empty()) backend["haproxy_server_options"] = options;
    if (!server.labels.empty()) backend["labels"] = server.labels;
    list.push_back(std::move(backend));
  }
  return list.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

FileRouter::FileRouter(asio::io_context& io, const RouterConfig& config, Events& events)
    : directory_(std::get<FileRouterConfig>(config.kind).output_directory),
      events_(events),
      paced_(io, config.events_buffer_duration, [this] { return write(); }) {
  take_services(config);
  paced_.changed();  // files of services that are gone do not wait for the others
}

void FileRouter::take_services(const RouterConfig& config) {
  std::map<std::string, Service> services;
  for (const auto& service : config.services) {
    const auto known = services_.find(file_of(service.name));
    services.emplace(file_of(service.name), known == services_.end() ? Service() : std::move(known->second));
  }
  services_ = std::move(services);
  tidy_ = false;
}

asio::awaitable<void> FileRouter::run() {
  return paced_.run();
}

void FileRouter::reconfigure(const RouterConfig& config) {
  take_services(config);
  paced_.set_max_wait(config.events_buffer_duration);
  paced_.changed();
}

bool FileRouter::routed(const std::string& service) const {
  const auto known = services_.find(file_of(service));
  return known != services_.end() && known->second.written;
}

OutputState FileRouter::output(const std::string& service) const {
  const auto known = services_.find(file_of(service));
  return known == services_.end() ? OutputState() : known->second.output.state();
}

void FileRouter::update(const std::string& name, const Routed& routed) {
  const auto service = services_.find(file_of(name));
  if (service == services_.end()) return;
  service->second.text = backends_json(routed.servers);
  service->second.due = true;
  service->second.output.want(routed);
  paced_.changed();
}

asio::awaitable<bool> FileRouter::write() {
  if (const auto tidied = tidy_up(); !tidied) {
    events_.output_failed(kType, directory_, tidied.error().message);
    co_return false;
  }
  events_.output_works(directory_);
  bool done = true;
  for (auto& [file, service] : services_) {
    if (!service.due) continue;
    if (const auto written = write_file(file, service.text); !written) {
      events_.output_failed(kType, path_of(file), written.error().message);
      done = false;
      continue;
    }
    service.due = false;
    service.written = true;
    service.output.written();
    events_.output_works(path_of(file));
  }
  co_return done;
}

// At the start and after a new configuration: what was written for services that are no more.
Result<void> FileRouter::tidy_up() {
  if (tidy_) return {};
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error) return fail("cannot create outputDirectory " + directory_ + ": " + error.message());
  own_files_ = read_own_files(path_of(kOwnFiles));
  std::set<std::string> gone = own_files_;
  for (const auto& [file, service] : services_) gone.erase(file);
  for (const auto& file : gone) {
    if (::unlink(path_of(file).c_str()) != 0 && errno != ENOENT) {
      return fail("cannot remove " + path_of(file) + ": " + std::strerror(errno));
    }
    events_.output_removed(path_of(file));
    own_files_.erase(file);
  }
  if (!gone.empty()) {
    if (const auto written = write_own_files(); !written) return written.error();
  }
  tidy_ = true;
  return {};
}

Result<void> FileRouter::write_file(const std::string& file, const std::string& text) {
  const auto path = path_of(file);
  // First its name, then itself: nothing of ours is ever left without being known as ours.
  if (own_files_.insert(file).second) {
    if (const auto written = write_own_files(); !written) {
      own_files_.erase(file);
      return written.error();
    }
  }
  if (const auto present = common::read_file(path); present && *present == text) return {};
  if (const auto written = common::write_atomically(path, text); !written) return written.error();
  events_.output_written(path, text.size());
  return {};
}

Result<void> FileRouter::write_own_files() const {
  std::string text;
  for (const auto& file : own_files_) text += file + "\n";
  return common::write_atomically(path_of(kOwnFiles), text);
}

asio::awaitable<void> FileRouter::stop(bool) {
  co_return;
}

}  // namespace synapse
