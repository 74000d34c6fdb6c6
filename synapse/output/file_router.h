// The router of type file: the servers of each service as one JSON file in a directory, in the form of Airbnb's
// file_output. A file is replaced as a whole, and only when it says something else: whoever watches it is not woken for
// nothing. Which files are its own stands in the directory itself, in `.synapse-files`: those of services that are gone
// are removed, and no others. A write that fails is tried again with back-off. Loop thread only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/result.h"
#include "synapse/config.h"
#include "synapse/events.h"
#include "synapse/output/paced.h"
#include "synapse/router.h"

namespace synapse {

// [{"name":...,"host":...,"port":...,"id":...,"weight":...,"haproxy_server_options":...,"labels":{...}}], the servers
// that take traffic; null for what a record does not have. Pure.
[[nodiscard]] std::string backends_json(const std::vector<RoutedServer>& servers);

class FileRouter : public Router {
 public:
  FileRouter(boost::asio::io_context& io, const RouterConfig& config, Events& events);

  boost::asio::awaitable<void> run() override;
  void reconfigure(const RouterConfig& config) override;
  void update(const std::string& service, const Routed& routed) override;
  bool routed(const std::string& service) const override;
  OutputState output(const std::string& service) const override;
  boost::asio::awaitable<void> stop(bool leave_running) override;

 private:
  struct Service {
    std::string text;  // what its file shall hold; empty: not known yet
    WrittenOutput output{};
    bool written = false;
    bool due = false;
  };

  void take_services(const RouterConfig& config);
  boost::asio::awaitable<bool> write();
  common::Result<void> tidy_up();
  common::Result<void> write_file(const std::string& file, const std::string& text);
  common::Result<void> write_own_files() const;
  std::string path_of(const std::string& file) const { return directory_ + "/" + file; }

  const std::string directory_;
  Events& events_;
  std::map<std::string, Service> services_;  // by the name of the file
  std::set<std::string> own_files_;          // what .synapse-files says
  bool tidy_ = false;
  Paced paced_;
};

}  // namespace synapse
