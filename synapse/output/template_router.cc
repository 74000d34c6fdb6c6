#include "synapse/output/template_router.h"

#include <algorithm>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "common/file/write_atomically.h"
#include "common/process/command.h"

namespace synapse {

namespace asio = boost::asio;
using common::fail;
using common::Result;

namespace {

constexpr const char* kType = "template";
constexpr mode_t kPermissions = 0777;

// Nothing when it is not there, cannot be read, or may be read by others than those that are wanted.
std::optional<std::string> present_file(const std::string& path, mode_t mode) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || (status.st_mode & kPermissions) != mode) return std::nullopt;
  const auto text = common::read_file(path);
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

}  // namespace

TemplateRouter::TemplateRouter(asio::io_context& io, const RouterConfig& config, Events& events)
    : config_(std::get<TemplateRouterConfig>(config.kind)),
      events_(events),
      template_(std::move(Template::parse(config_.text).value())),
      on_disk_(present_file(config_.destination_file, config_.destination_mode)),
      command_due_(!config_.command.empty() && ::access(marker().c_str(), F_OK) == 0),
      paced_(io, config.events_buffer_duration, [this] { return write(); }) {
  take_services(config);
}

void TemplateRouter::take_services(const RouterConfig& config) {
  std::vector<Service> services;
  for (const auto& service : config.services) {
    const auto known = find(service.name);
    services.push_back(known == services_.end() ? Service{.data = {.name = service.name}} : *known);
  }
  services_ = std::move(services);
}

std::vector<TemplateRouter::Service>::iterator TemplateRouter::find(const std::string& service) {
  return std::find_if(services_.begin(), services_.end(),
                      [&](const Service& known) { return known.data.name == service; });
}

asio::awaitable<void> TemplateRouter::run() {
  return paced_.run();
}

void TemplateRouter::reconfigure(const RouterConfig& config) {
  const auto& fresh = std::get<TemplateRouterConfig>(config.kind);
  if (fresh.destination_mode != config_.destination_mode) on_disk_.reset();
  if (fresh.text != config_.text) template_ = std::move(Template::parse(fresh.text).value());
  config_ = fresh;
  if (config_.command.empty()) {
    command_due_ = false;
    ::unlink(marker().c_str());
  }
  take_services(config);
  paced_.set_max_wait(config.events_buffer_duration);
  paced_.changed();
}

bool TemplateRouter::routed(const std::string& service) const {
  return std::any_of(services_.begin(), services_.end(),
                     [&](const Service& known) { return known.data.name == service && known.written; });
}

OutputState TemplateRouter::output(const std::string& service) const {
  const auto found = std::find_if(services_.begin(), services_.end(),
                                  [&](const Service& known) { return known.data.name == service; });
  return found == services_.end() ? OutputState() : found->output.state();
}

void TemplateRouter::update(const std::string& name, const Routed& routed) {
  const auto service = find(name);
  if (service == services_.end()) return;
  service->data.servers = routed.servers;
  service->data.available = routed.available;
  service->data.unavailable = routed.unavailable;
  service->known = true;
  service->output.want(routed);
  paced_.changed();
}

asio::awaitable<bool> TemplateRouter::write() {
  if (!std::all_of(services_.begin(), services_.end(), [](const Service& service) { return service.known; })) {
    co_return true;  // the snapshot that is missing comes here, too
  }
  const auto changed = write_file();
  if (!changed) {
    events_.output_failed(kType, config_.destination_file, changed.error().message);
    co_return false;
  }
  for (auto& service : services_) {
    service.output.written();
    service.rendered = true;
  }
  command_due_ = command_due_ || (*changed && !config_.command.empty());
  if (command_due_) {
    const auto ran = co_await run_command();
    if (!ran) {
      events_.output_failed(kType, config_.destination_file, ran.error().message);
      co_return false;
    }
    command_due_ = false;
    ::unlink(marker().c_str());
  }
  events_.output_works(config_.destination_file);
  for (auto& service : services_) service.written = service.written || service.rendered;
  co_return true;
}

// True when the file was not like that before.
Result<bool> TemplateRouter::write_file() {
  std::vector<TemplateService> data;
  for (const auto& service : services_) data.push_back(service.data);
  auto text = template_.render(data);
  if (on_disk_ == text) return false;
  // First the mark: a run that ends before the command has succeeded leaves it to the next one.
  if (!config_.command.empty()) {
    if (const auto marked = common::write_atomically(marker(), ""); !marked) return marked.error();
  }
  const auto written = common::write_atomically(config_.destination_file, text, config_.destination_mode);
  if (!written) return written.error();
  events_.output_written(config_.destination_file, text.size());
  on_disk_ = std::move(text);
  return true;
}

asio::awaitable<Result<void>> TemplateRouter::run_command() {
  common::CommandOptions command;
  command.argv = config_.command;
  command.timeout = config_.command_timeout;
  const auto result = co_await common::run_command(std::move(command));
  if (result.ok()) co_return Result<void>{};
  co_return fail("postTemplateCommand " + config_.command.front() + ": " + result.describe());
}

asio::awaitable<void> TemplateRouter::stop(bool) {
  co_return;
}

}  // namespace synapse
