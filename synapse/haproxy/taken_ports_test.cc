#include "synapse/haproxy/taken_ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse::haproxy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A socket that listens on a port of its own on 127.0.0.1.
class Listener {
 public:
  explicit Listener(bool shares) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const int yes = 1;
    if (shares) ::setsockopt(descriptor_, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(descriptor_, 1), 0);
    EXPECT_EQ(::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { ::close(descriptor_); }
  std::string port() const { return std::to_string(port_); }

 private:
  const int descriptor_;
  int port_ = 0;
};

std::string frontend(const std::string& bind) {
  return "global\n    maxconn 10\nfrontend web_1\n    bind " + bind + "\n";
}

TEST(BindPlaces, AreThePortsOfBindLines) {
  EXPECT_THAT(bind_places("global\n  stats socket /run/s\nfrontend a\n  bind 127.0.0.1:80 # here\n  bind *:81,:82\n"
                          "listen b\nbind [::1]:83 v6only ssl crt /a\n  bind ipv6@:84\n  bind ipv4@10.0.0.1:85\n"
                          "backend c\n  server s 10.0.0.2:90\n"),
              ElementsAre(BindPlace{"a", "127.0.0.1", 80}, BindPlace{"a", "0.0.0.0", 81}, BindPlace{"a", "0.0.0.0", 82},
                          BindPlace{"b", "::1", 83, true}, BindPlace{"b", "::", 84}, BindPlace{"b", "10.0.0.1", 85}));
}

TEST(BindPlaces, AreOnlyThoseThatCanBeJudged) {
  for (const auto* bind : {"/run/a.sock", "unix@/run/a.sock", "abns@a", "fd@3", "localhost:80", "127.0.0.1:80-90",
                           "127.0.0.1:\"${PORT}\"", "\"$HOST\":80", "quic4@:443", "127.0.0.1", "127.0.0.1:0", "",
                           "127.0.0.1:80 interface eth1", "10.9.9.9:80 transparent", "127.0.0.1:80 namespace n"}) {
    EXPECT_THAT(bind_places(frontend(bind)), IsEmpty()) << bind;
  }
  EXPECT_THAT(bind_places("global\n  noreuseport\n" + frontend("127.0.0.1:80")), IsEmpty());
  EXPECT_THAT(bind_places("defaults\n  disabled\n" + frontend("127.0.0.1:80")), IsEmpty());
  EXPECT_THAT(bind_places(frontend("127.0.0.1:80") + ".if defined(X)\n  bind 127.0.0.1:81\n.endif\n"), IsEmpty());
}

TEST(BindPlaces, AreNoneOfADisabledSection) {
  EXPECT_THAT(bind_places("frontend a\n  bind 127.0.0.1:80\nlisten b\n  bind 127.0.0.1:81\n  disabled\n"
                          "  bind 127.0.0.1:82\n  disabled\nfrontend c\n  bind 127.0.0.1:83\n"),
              ElementsAre(BindPlace{"a", "127.0.0.1", 80}, BindPlace{"c", "127.0.0.1", 83}));
}

TEST(WhyNotBound, NamesWhereSomebodyElseListens) {
  const Listener other(false);
  EXPECT_EQ(why_not_bound(frontend("127.0.0.1:" + other.port())),
            "frontend web_1: cannot bind socket (Address already in use) for [127.0.0.1:" + other.port() + "]");
  EXPECT_EQ(why_not_bound(frontend("*:" + other.port())),
            "frontend web_1: cannot bind socket (Address already in use) for [0.0.0.0:" + other.port() + "]");
}

TEST(WhyNotBound, LeavesAnHaproxyItsOwnPorts) {
  const Listener own(true);
  EXPECT_EQ(why_not_bound(frontend("127.0.0.1:" + own.port())), std::nullopt);
}

TEST(WhyNotBound, IsSilentAboutFreePorts) {
  std::string port;
  {
    const Listener ended(false);
    port = ended.port();
  }
  EXPECT_EQ(why_not_bound(frontend("127.0.0.1:" + port)), std::nullopt);
}

// The worker may have bound it while the machine had it.
TEST(WhyNotBound, LeavesAddressesThatThisMachineHasNotToHaproxy) {
  EXPECT_EQ(why_not_bound(frontend("203.0.113.7:80")), std::nullopt);
}

}  // namespace
}  // namespace synapse::haproxy
