// For tests of routers that write files: a directory of its own, and a loop that runs until something is so.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "common/file/write_atomically.h"
#include "common/runtime/task_group.h"
#include "common/telemetry/metrics.h"
#include "synapse/events.h"
#include "synapse/router.h"

namespace synapse {

class RouterCase : public testing::Test {
 protected:
  RouterCase() {
    std::string name = testing::TempDir() + "router.XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~RouterCase() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  std::string on_disk(const std::string& name) const {
    const auto text = common::read_file(path(name));
    return text ? *text : "missing";
  }
  void put(const std::string& name, const std::string& text, mode_t mode = 0644) const {
    EXPECT_TRUE(common::write_atomically(path(name), text, mode).has_value());
  }
  void start(Router& router) { tasks_->spawn("router", router.run()); }
  void stop() {
    tasks_->cancel();
    io_.restart();
    io_.run_for(std::chrono::seconds(5));
    tasks_ = std::make_unique<common::TaskGroup>(io_);  // for the next life
  }

  // Runs the loop until it is so; false after some seconds.
  bool until(const std::function<bool()>& so) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!so() && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_for(std::chrono::milliseconds(5));
    }
    return so();
  }
  // Lets everything happen that is due soon.
  void settle() {
    io_.restart();
    io_.run_for(std::chrono::milliseconds(60));
  }
  bool counted(const std::string& line) const { return metrics_.text().find(line) != std::string::npos; }

  static Routed servers(const std::vector<std::string>& names) {
    Routed routed;
    for (const auto& name : names) {
      routed.servers.push_back({.name = name, .registered_name = name, .host = "10.0.0.1", .port = 80});
    }
    return routed;
  }

  std::string directory_;
  boost::asio::io_context io_;
  std::unique_ptr<common::TaskGroup> tasks_ = std::make_unique<common::TaskGroup>(io_);
  common::Metrics metrics_;
  Events events_{metrics_};
};

}  // namespace synapse
