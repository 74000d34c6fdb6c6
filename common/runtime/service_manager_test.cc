#include "common/runtime/service_manager.h"

#include <array>
#include <cstdlib>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace common {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Listens as systemd does, on an abstract socket or on a path.
class ServiceManagerTest : public testing::Test {
 protected:
  void listen(const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    ASSERT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), length), 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  void TearDown() override {
    if (fd_ >= 0) ::close(fd_);
    ::unlink(path_.c_str());
    for (const auto* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  std::vector<std::string> told() const {
    std::vector<std::string> messages;
    std::array<char, 256> text;
    for (;;) {
      const auto got = ::recv(fd_, text.data(), text.size(), 0);
      if (got < 0) return messages;
      messages.emplace_back(text.data(), static_cast<std::size_t>(got));
    }
  }

  const std::string path_ = testing::TempDir() + "notify-" + std::to_string(::getpid());
  int fd_ = -1;
  bool healthy_ = true;
  boost::asio::io_context io_;
};

TEST_F(ServiceManagerTest, HearsWhenAllRunsAndWhenItEnds) {
  listen(path_);
  ServiceManager manager(io_, [] { return true; });
  EXPECT_THAT(told(), IsEmpty());
  manager.ready();
  EXPECT_THAT(told(), ElementsAre("READY=1"));
  manager.stopping(milliseconds(1500));
  EXPECT_THAT(told(), ElementsAre("STOPPING=1\nEXTEND_TIMEOUT_USEC=1500000"));
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr) << "programs that we start must not speak for us";
}

TEST_F(ServiceManagerTest, MayListenOnAnAbstractSocket) {
  listen("@notify-test-" + std::to_string(::getpid()));
  ServiceManager(io_, [] { return true; }).ready();
  EXPECT_THAT(told(), ElementsAre("READY=1"));
}

TEST_F(ServiceManagerTest, GetsSignsOfLifeWhileWeAreHealthy) {
  listen(path_);
  ::setenv("WATCHDOG_USEC", "3000", 1);
  int asked = 0;
  ServiceManager manager(io_, [this, &asked] {
    ++asked;
    return healthy_;
  });
  manager.ready();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (asked < 4 && std::chrono::steady_clock::now() < end) io_.run_one_for(milliseconds(100));
  EXPECT_THAT(told(), Contains("WATCHDOG=1").Times(testing::Ge(3)));
  healthy_ = false;
  io_.run_for(milliseconds(30));
  EXPECT_THAT(told(), IsEmpty());
  healthy_ = true;
  io_.run_for(milliseconds(30));
  EXPECT_THAT(told(), Contains("WATCHDOG=1"));
  healthy_ = false;
  manager.stopping(milliseconds(1));
  io_.run_for(milliseconds(30));
  EXPECT_THAT(told(), Contains("WATCHDOG=1")) << "the time that it may take is said, and bounds it";
}

TEST_F(ServiceManagerTest, WaitsForNoSignOfLifeOfAnother) {
  listen(path_);
  ::setenv("WATCHDOG_USEC", "3000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  ServiceManager manager(io_, [] { return true; });
  manager.ready();
  io_.run_for(milliseconds(30));
  EXPECT_THAT(told(), SizeIs(1));
}

TEST_F(ServiceManagerTest, IsNotNeeded) {
  ServiceManager(io_, [] { return true; }).ready();
  ::setenv("NOTIFY_SOCKET", "/nowhere/to/be/found", 1);
  ServiceManager(io_, [] { return true; }).ready();
  ::setenv("NOTIFY_SOCKET", std::string(200, 'x').c_str(), 1);
  ServiceManager(io_, [] { return true; }).ready();
}

}  // namespace
}  // namespace common
