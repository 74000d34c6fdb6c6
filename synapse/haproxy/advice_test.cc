#include "synapse/haproxy/advice.h"

#include <cerrno>
#include <vector>

#include <gtest/gtest.h>

namespace synapse::haproxy {
namespace {

TEST(Advice, SaysWhatToDoAboutASocket) {
  const std::string at = "cannot connect to HAProxy's runtime socket /s: ";
  const std::vector<std::pair<int, std::string>> cases{
      {ENOENT,
       "No such file or directory; start HAProxy with \"stats socket /s level admin\" in its global. If it runs with "
       "that, the socket was deleted: restart it, because a reload keeps the deleted one"},
      {ECONNREFUSED, "Connection refused; HAProxy does not run, or has left this socket: start it"},
      {EACCES,
       "Permission denied; let this user write to it (\"mode 660 group GROUP\" behind stats socket in global), or run "
       "synapse as a user that may"},
      {EAGAIN,
       "Resource temporarily unavailable; too many connections wait there: HAProxy hangs, or other programs hold its "
       "\"stats maxconn\""},
      {EIO, "Input/output error"},
  };
  for (const auto& [error, words] : cases) EXPECT_EQ(cannot_connect("/s", error), at + words);
}

TEST(Advice, KnowsASocketWhoseLevelIsTooLow) {
  const std::string words =
      "HAProxy's runtime socket /s does not allow what is needed: \"Permission denied\"; write \"level admin\" behind "
      "it in the global that this HAProxy has loaded";
  EXPECT_EQ(level_too_low("/s", "Permission denied"), words);
  EXPECT_EQ(level_too_low("/s", "Permission denied\n"), words);
  EXPECT_EQ(level_too_low("/s", ""), std::nullopt);
  EXPECT_EQ(level_too_low("/s", "No such backend."), std::nullopt);
  EXPECT_EQ(denied_by("/s", {"", "Permission denied\n", ""}), words);
  EXPECT_EQ(denied_by("/s", {"", "x"}), std::nullopt);
}

TEST(Advice, SaysWhatToDoAboutTheProgramAndTheFile) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"cannot start haproxy: No such file or directory",
       "install HAProxy 2.4 or later, or set haproxyBinary to its path"},
      {"/opt/haproxy: cannot start: Permission denied", "haproxyBinary must be a program that this user may run"},
      {"cannot start /x: Exec format error", "haproxyBinary must be a program that this machine can run"},
      {"cannot create a temporary file beside /a/b: Permission denied",
       "let this user write to the directory, or choose another configPath"},
      {"cannot create a temporary file beside /a/b: No such file or directory",
       "create the directory, or choose another configPath"},
  };
  for (const auto& [words, advice] : cases) EXPECT_EQ(with_advice(words), words + "; " + advice);
  EXPECT_EQ(with_advice("cannot start haproxy: Cannot allocate memory"),
            "cannot start haproxy: Cannot allocate memory");
}

// HAProxy's words are those of 2.6.12.
TEST(Advice, StandsBehindHaproxysOwnWords) {
  const std::string bind = "[ALERT]    (7) : Binding [/h.cfg:9] for frontend web_1: cannot bind socket ";
  const std::string parsing = "[ALERT]    (7) : config : parsing [/h.cfg:9] : ";
  const std::vector<std::pair<std::string, std::string>> cases{
      {bind + "(Address already in use) for [127.0.0.1:80]",
       "somebody else listens there: end it (`ss -ltnp` names it), or give the service another port or bindAddress"},
      {bind + "(Permission denied) for [127.0.0.1:80]",
       "a port below 1024 needs root or CAP_NET_BIND_SERVICE, a unix socket a directory that HAProxy may write to"},
      {bind + "(Cannot assign requested address) for [10.9.9.9:80]",
       "this host does not have that address: correct bindAddress"},
      {parsing + "unknown keyword 'httpclient.ssl.verify' in 'global' section",
       "this HAProxy is older than 2.6, for which synapse's own global is made: install 2.6 or later, or give the "
       "router a global of its own"},
      {parsing + "unknown keyword 'zork' in 'global' section",
       "this HAProxy does not know the keyword: correct the line, or install a version that does"},
      {parsing + "'bind :81' in section 'frontend' : unable to stat SSL certificate from file '/x.pem' : No such file "
                 "or directory.",
       "a file that the configuration names is not there: create it, or correct the line"},
      {"[ALERT]    (7) : config : Proxy 'f': unable to find required default_backend: 'x'.",
       "a line names a section that is not there: correct it, or add the section"},
  };
  for (const auto& [words, advice] : cases) {
    EXPECT_EQ(with_advice(words), words + "; " + advice);
    EXPECT_EQ(with_advice(words + "\n[ALERT] (7) : fatal"), words + "\n[ALERT] (7) : fatal\n=> " + advice);
  }
  EXPECT_EQ(with_advice(parsing + "something new"), parsing + "something new");
  EXPECT_EQ(with_advice(""), "");
}

TEST(Advice, KnowsVersionsThatAreTooOld) {
  EXPECT_EQ(too_old({2, 2, 9}),
            "HAProxy 2.2.9 is too old: nothing is promised before 2.4, and every new server needs a reload before 2.6; "
            "install a later one");
  EXPECT_EQ(too_old({2, 4, 0}), std::nullopt);
  EXPECT_EQ(too_old({3, 0, 11}), std::nullopt);
}

}  // namespace
}  // namespace synapse::haproxy
