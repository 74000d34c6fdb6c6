#include "nerve/admin/status_table.h"

#include <string>

#include <gtest/gtest.h>

namespace nerve {
namespace {

std::string service(const std::string& name, const std::string& more) {
  return R"({"Name":")" + name + R"(","Host":"10.0.0.1","Port":80,"MaxWeight":255,)" + more + "}";
}

std::string table(const std::string& body, bool colours = false) {
  const auto text = status_table(body, colours);
  return text ? *text : "error: " + text.error().message;
}

const std::string up = R"("Status":"enabled","CurrentWeight":255,"Available":true,"State":"available","Reason":"")";
const std::string down =
    R"("Status":"enabled","CurrentWeight":0,"State":"unavailable","Reason":"HTTP 503 from http://10.0.0.1:80/")";

TEST(StatusTable, AlignsTheColumns) {
  EXPECT_EQ(table("[" + service("web", up) + "," + service("caf\xC3\xA9-orders", down) + "]"),
            "NAME         STATE        WEIGHT  ADDRESS      REASON\n"
            "web          available    255     10.0.0.1:80  -\n"
            "caf\xC3\xA9-orders  unavailable  0/255   10.0.0.1:80  HTTP 503 from http://10.0.0.1:80/\n");
}

TEST(StatusTable, OneServiceShowsItsChecks) {
  EXPECT_EQ(table(service("web", down + R"(,"Checks":[
    {"Type":"tcp","Target":"10.0.0.1:80","Up":true,"Reason":"","LastLatencyMs":0.4211},
    {"Type":"http","Target":"http://10.0.0.1:80/","Up":false,"Reason":"HTTP 503","LastLatencyMs":1003},
    {"Type":"exec","Target":"/bin/x","Up":null,"Reason":""}])")),
            "NAME  STATE        WEIGHT  ADDRESS      REASON\n"
            "web   unavailable  0/255   10.0.0.1:80  HTTP 503 from http://10.0.0.1:80/\n"
            "\n"
            "CHECK  VERDICT  TOOK       TARGET               REASON\n"
            "tcp    up       0.4 ms     10.0.0.1:80          -\n"
            "http   down     1003.0 ms  http://10.0.0.1:80/  HTTP 503\n"
            "exec   unknown  -          /bin/x               -\n");
}

TEST(StatusTable, ATerminalGetsColoursAndNothingElse) {
  EXPECT_EQ(table("[" + service("web", up) + "]", true),
            "NAME  STATE      WEIGHT  ADDRESS      REASON\n"
            "web   \x1b[32mavailable\x1b[0m  255     10.0.0.1:80  -\n");
  const std::string hostile = R"("Status":"forced","CurrentWeight":1,"State":"available","Reason":"a\u001b[2Jb\nc")";
  EXPECT_EQ(table("[" + service("w\\tb", hostile) + "]"),
            "NAME  STATE               WEIGHT  ADDRESS      REASON\n"
            "w?b   available (forced)  1/255   10.0.0.1:80  a?[2Jb?c\n");
}

TEST(StatusTable, RefusesWhatIsNoStatus) {
  for (const auto* body : {"", "nonsense", "{}", "[1]", "[{}]", "\"x\"", "null"}) {
    EXPECT_EQ(table(body), "error: the answer is no status") << body;
  }
  EXPECT_EQ(table("[]"), "NAME  STATE  WEIGHT  ADDRESS  REASON\n");
  EXPECT_EQ(table(R"([{"Name":1,"Checks":2}])"),
            "NAME  STATE  WEIGHT  ADDRESS  REASON\n-     -      0       :0       -\n");
}

TEST(StatusTable, TellsWhatTheReportersHaveNotConfirmed) {
  const std::string service =
      R"({"Name":"web","Host":"10.0.0.1","Port":80,"Status":"enabled","State":"available","MaxWeight":9,)"
      R"("CurrentWeight":9,"Reason":"","Checks":[],"Reporters":[{"Type":"zookeeper","Connected":CONNECTED,)"
      R"("Confirmed":CONFIRMED,"Error":"ERROR"}]})";
  const auto with = [&](const std::string& connected, const std::string& confirmed, const std::string& error) {
    std::string body = service;
    body.replace(body.find("CONNECTED"), 9, connected);
    body.replace(body.find("CONFIRMED"), 9, confirmed);
    return body.replace(body.find("ERROR"), 5, error);
  };
  const std::string titles = "NAME  STATE      WEIGHT  ADDRESS      REASON\n";
  EXPECT_EQ(status_table("[" + with("true", "true", "") + "]", false).value(),
            titles + "web   available  9       10.0.0.1:80  -\n");
  EXPECT_EQ(status_table("[" + with("false", "false", "no such host") + "]", false).value(),
            titles + "web   available  9       10.0.0.1:80  zookeeper: not confirmed: no such host\n");
  EXPECT_EQ(
      status_table("[" + with("false", "true", "") + "]", false).value(),
      titles + "web   available  9       10.0.0.1:80  zookeeper: not connected; what was confirmed last stands\n");
  EXPECT_TRUE(all_confirmed(with("false", "true", "")));
  EXPECT_FALSE(all_confirmed(with("true", "false", "")));
  EXPECT_FALSE(all_confirmed("[" + with("true", "true", "") + "," + with("true", "false", "") + "]"));
  EXPECT_NE(status_table(with("true", "false", "no such host"), false)
                .value()
                .find("\nREPORTER   LAST REPORT    REASON\nzookeeper  not confirmed  no such host\n"),
            std::string::npos);
}

}  // namespace
}  // namespace nerve
