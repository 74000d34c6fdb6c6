#include "synapse/haproxy/haproxy_child.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/file/write_atomically.h"
#include "common/limits/limits.h"
#include "common/runtime/task_group.h"
#include "common/telemetry/log.h"

namespace synapse::haproxy {
namespace {

using testing::HasSubstr;
using testing::Not;

boost::asio::awaitable<void> load(HaproxyChild& child) {
  const auto loaded = co_await child.load();
  EXPECT_TRUE(loaded.has_value());
}

// A script that stands for haproxy and ends at once.
class HaproxyChildTest : public testing::Test {
 protected:
  HaproxyChildTest() {
    std::string name = testing::TempDir() + "haproxy_child.XXXXXX";
    directory_ = ::mkdtemp(name.data());
    common::log::set_level("trace");
  }
  ~HaproxyChildTest() override {
    common::log::set_level("info");
    std::filesystem::remove_all(directory_);
  }

  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(common::write_atomically(directory_ + "/" + name, text, 0755).has_value());
  }

  // What is in the log after a load until the script's end.
  std::string log_of_load(HaproxyChild& child) {
    testing::internal::CaptureStderr();
    {
      common::TaskGroup tasks(io_);
      tasks.spawn("load", load(child));
      io_.restart();
      io_.run();
    }
    return testing::internal::GetCapturedStderr();
  }

  HaproxyChildOptions options() const {
    return {directory_ + "/haproxy", directory_ + "/haproxy.cfg", directory_, std::chrono::milliseconds(100)};
  }

  std::string directory_;
  boost::asio::io_context io_;
};

TEST_F(HaproxyChildTest, NeitherTheLogNorTheComplaintShowsASecret) {
  write("haproxy.cfg", "userlist u\n user a insecure-password hunter22\n stats auth a:hunter\"33\n");
  write("haproxy",
        "#!/bin/sh\n"
        "echo \"[ALERT]    (1) : parsing: unknown 'hunter22'\"\n"
        "echo '[ALERT]    (1) : unmatched quote'\n"
        "echo '  stats auth a:hun'\n"
        "echo \"[WARNING]  (1) : Server u/a is DOWN, reason: hunter22\"\n"
        "echo \"[NOTICE]   (1) : hunter22\"\n");
  HaproxyChild child(io_, options(), {});
  const auto log = log_of_load(child);
  EXPECT_THAT(log, HasSubstr("parsing: unknown '***'"));
  EXPECT_THAT(log, HasSubstr("is DOWN, reason: ***"));
  EXPECT_THAT(log, Not(HasSubstr("hun")));
  EXPECT_EQ(child.complaint(), "parsing: unknown '***'\nunmatched quote");
}

TEST_F(HaproxyChildTest, TheSecretsOfTheFileBeforeAreStillSecret) {
  write("haproxy", "#!/bin/sh\necho \"[ALERT]    (1) : first22, second33\"\n");
  HaproxyChild child(io_, options(), {});
  write("haproxy.cfg", "stats auth a:first22\n");
  EXPECT_THAT(log_of_load(child), HasSubstr("***, second33"));
  write("haproxy.cfg", "stats auth a:second33\n");
  EXPECT_THAT(log_of_load(child), HasSubstr("***, ***"));
}

TEST_F(HaproxyChildTest, ComplaintsThatAreTooManyAreCounted) {
  write("haproxy.cfg", "");
  write("haproxy", "#!/bin/sh\nfor i in 1 2 3; do printf '[ALERT]    (1) : %0900d\\n' $i; done\n");
  HaproxyChild child(io_, options(), {});
  const auto hits = common::limit_hits(common::Limit::command_output);
  log_of_load(child);
  EXPECT_EQ(child.complaint().size(), 1801u);
  EXPECT_EQ(common::limit_hits(common::Limit::command_output), hits + 1);
}

}  // namespace
}  // namespace synapse::haproxy
