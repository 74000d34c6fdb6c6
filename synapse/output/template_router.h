// The router of type template: renders one Mustache template with all servers of all its services into a file, and runs
// a command when the file has changed. Nothing is written before every service is known: unknown is not empty, and what
// an earlier life wrote is better than a file without half of its services. A write or a command that fails is tried
// again with back-off, a command also by the next run: `<destinationFile>.command-due` says so. Loop thread only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/result.h"
#include "synapse/config.h"
#include "synapse/events.h"
#include "synapse/output/paced.h"
#include "synapse/output/template_text.h"
#include "synapse/router.h"

namespace synapse {

class TemplateRouter : public Router {
 public:
  // The template is sound: the configuration was checked.
  TemplateRouter(boost::asio::io_context& io, const RouterConfig& config, Events& events);

  boost::asio::awaitable<void> run() override;
  void reconfigure(const RouterConfig& config) override;
  void update(const std::string& service, const Routed& routed) override;
  bool routed(const std::string& service) const override;
  OutputState output(const std::string& service) const override;
  boost::asio::awaitable<void> stop(bool leave_running) override;

 private:
  struct Service {
    TemplateService data{};
    WrittenOutput output{};
    bool known = false;
    bool rendered = false;  // into the text that is written
    bool written = false;
  };

  void take_services(const RouterConfig& config);
  std::vector<Service>::iterator find(const std::string& service);
  boost::asio::awaitable<bool> write();
  common::Result<bool> write_file();
  boost::asio::awaitable<common::Result<void>> run_command();
  std::string marker() const { return config_.destination_file + ".command-due"; }

  TemplateRouterConfig config_;
  Events& events_;
  Template template_;
  std::vector<Service> services_;       // in the order of the configuration
  std::optional<std::string> on_disk_;  // nothing: it has not been looked at, or is not as it should be
  bool command_due_ = false;
  Paced paced_;
};

}  // namespace synapse
