#include "synapse/config_servers.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/document.h"

namespace synapse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Read {
  std::vector<Record> records;
  common::Diagnostics diagnostics;
};

// The list under the key `servers`, which begins in line 2.
Read read(const std::string& list) {
  const auto document = common::Document::parse("servers:\n" + list, "s.yml");
  Read result;
  result.diagnostics.strict = true;
  if (!document) {
    result.diagnostics.errors.push_back(document.error().message);
    return result;
  }
  common::ObjectReader root(common::Reader(*document, result.diagnostics));
  result.records = read_servers(*root.find("servers"));
  return result;
}

std::vector<std::string> errors(const std::string& list) {
  return read(list).diagnostics.errors;
}

// "name host port", or "name socket".
std::vector<std::string> shown(const std::vector<Record>& records) {
  std::vector<std::string> lines;
  for (const auto& record : records) {
    if (!record.registration) {
      lines.push_back(record.registration.error().message);
      continue;
    }
    const auto address = record.socket.empty()
                             ? record.registration->host + " " + std::to_string(record.registration->port)
                             : record.socket;
    lines.push_back(record.registration->name + " " + address);
  }
  return lines;
}

TEST(ConfigServers, ReadsAllThatARecordHas) {
  const auto [records, diagnostics] = read(
      "- {name: a, host: 10.0.0.1, port: 80, weight: 7, labels: {az: x, rack: 3}, haproxyServerOptions: check inter 2s,"
      " id: 5, available: false, unavailable_reason: moving}\n");
  EXPECT_THAT(diagnostics.errors, IsEmpty());
  common::Registration registration;
  registration.name = "a";
  registration.host = "10.0.0.1";
  registration.port = 80;
  registration.weight = 7;
  registration.labels = {{"az", "x"}, {"rack", "3"}};
  registration.haproxy_server_options = "check inter 2s";
  registration.id = "5";
  registration.available = false;
  registration.unavailable_reason = "moving";
  EXPECT_THAT(records, ElementsAre(Record{.child = "servers[0]", .registration = registration}));
}

TEST(ConfigServers, ReadsAirbnbsListsAndNervesRecords) {
  const auto [records, diagnostics] = read(
      "- {name: a, host: localhost, port: \"80\"}\n"
      "- {\"available\":true,\"host\":\"10.0.0.1\",\"port\":81,\"name\":\"b\",\"haproxy_server_options\":\"check\","
      "\"weight\":255,\"haproxy_server_id\":6}\n");
  EXPECT_THAT(diagnostics.errors, IsEmpty());
  EXPECT_THAT(shown(records), ElementsAre("a localhost 80", "b 10.0.0.1 81"));
  EXPECT_EQ(records[1].registration->haproxy_server_options, "check");
  EXPECT_EQ(records[1].registration->id, "6");
  EXPECT_GT(records[1].created_zxid, records[0].created_zxid);
}

TEST(ConfigServers, ReadsTheShortForm) {
  const auto [records, diagnostics] = read("- web.example:80\n- '[fe80::1]:81'\n- 10.0.0.1:65535\n");
  EXPECT_THAT(diagnostics.errors, IsEmpty());
  EXPECT_THAT(shown(records),
              ElementsAre("web.example:80 web.example 80", "fe80::1:81 fe80::1 81", "10.0.0.1:65535 10.0.0.1 65535"));
}

TEST(ConfigServers, ReadsUnixSockets) {
  const auto [records, diagnostics] =
      read("- {name: a, socket: /run/a.sock, weight: 2}\n- {socket: /run/b/x_1.sock}\n");
  EXPECT_THAT(diagnostics.errors, IsEmpty());
  EXPECT_THAT(shown(records), ElementsAre("a /run/a.sock", "run_b_x_1.sock /run/b/x_1.sock"));
  EXPECT_EQ(records[0].registration->host, "");
  EXPECT_EQ(records[0].registration->weight, 2);
}

TEST(ConfigServers, SaysWhatIsWrongAndWhere) {
  const std::string form = " must be host:port ([...]:port for IPv6) or a mapping, got ";
  EXPECT_THAT(errors("- a\n- a:0\n- a:70000\n- a:8x\n- ::1:80\n- '[a]:80'\n- a b:80\n- 0.0.0.0:80\n"),
              ElementsAre("s.yml:2: servers[0]:" + form + "\"a\"", "s.yml:3: servers[1]:" + form + "\"a:0\"",
                          "s.yml:4: servers[2]:" + form + "\"a:70000\"", "s.yml:5: servers[3]:" + form + "\"a:8x\"",
                          "s.yml:6: servers[4]:" + form + "\"::1:80\"", "s.yml:7: servers[5]:" + form + "\"[a]:80\"",
                          "s.yml:8: servers[6]: must be an IP address or a host name, got \"a b\"",
                          "s.yml:9: servers[7]: \"0.0.0.0\" is no address of a server"));
  EXPECT_THAT(errors("- {host: a b, port: 0}\n- {name: x/y, host: a, port: 1, weight: 257}\n- {}\n"),
              ElementsAre("s.yml:2: servers[0].host: must be an IP address or a host name, got \"a b\"",
                          "s.yml:2: servers[0].port: must be between 1 and 65535, got 0",
                          "s.yml:3: servers[1].name: must consist of letters, digits and _ . : -, 200 at most, got "
                          "\"x/y\"",
                          "s.yml:3: servers[1].weight: must be between 0 and 256, got 257",
                          "s.yml:4: servers[2].host: is missing", "s.yml:4: servers[2].port: is missing"));
  EXPECT_THAT(errors("- {host: a, port: 1, haproxyServerOptions: ca-file /etc/passwd, labels: {x: [1]}, wieght: 3}\n"),
              ElementsAre("s.yml:2: servers[0].labels.x: must be a string, got a list",
                          "s.yml:2: servers[0].haproxyServerOptions: word \"ca-file\" is not allowed",
                          "s.yml:2: servers[0]: unknown key \"wieght\"; did you mean \"weight\"?"));
  EXPECT_THAT(errors("- [a]\n"), ElementsAre("s.yml:2: servers[0]: must be a mapping, got a list"));
  EXPECT_THAT(errors("  {host: a}\n"), ElementsAre("s.yml:2: servers: must be a list, got a mapping"));
}

TEST(ConfigServers, SaysWhatIsWrongWithASocket) {
  const std::string must = " must be an absolute path of letters, digits and _ . / -, 107 at most, got ";
  EXPECT_THAT(errors("- {socket: a.sock}\n- {socket: unix@/a}\n- {socket: '/a b'}\n- {socket: /$HOME/a}\n"
                     "- {socket: /a, host: b}\n"),
              ElementsAre("s.yml:2: servers[0].socket:" + must + "\"a.sock\"",
                          "s.yml:3: servers[1].socket:" + must + "\"unix@/a\"",
                          "s.yml:4: servers[2].socket:" + must + "\"/a b\"",
                          "s.yml:5: servers[3].socket:" + must + "\"/$HOME/a\"",
                          "s.yml:6: servers[4].socket: takes the place of host and port: give one or the other"));
  EXPECT_THAT(errors("- {socket: /" + std::string(107, 'a') + "}\n").size(), 1u);
  EXPECT_THAT(errors("- {socket: /" + std::string(106, 'a') + "}\n"), IsEmpty());
}

TEST(ConfigServers, AFileServesTheGoodAndNamesTheBad) {
  const auto records = parse_servers(
      "- a:80\n- b:x\n- {host: c, port: 70000, port2: 1}\n- {host: d, port: 81, tag: x}\n", "/etc/web.yml");
  ASSERT_TRUE(records.has_value());
  EXPECT_THAT(
      shown(*records),
      ElementsAre("a:80 a 80", "/etc/web.yml:2: [1]: must be host:port ([...]:port for IPv6) or a mapping, got \"b:x\"",
                  "/etc/web.yml:3: [2].port: must be between 1 and 65535, got 70000", "d:81 d 81"));
  EXPECT_EQ(records->at(1).child, "[1]");
}

TEST(ConfigServers, AFileMayBeCutAnywhere) {
  const std::string text = "- a:80\n- {name: b, host: '::1', port: 81, labels: {az: \"x\"}}\n- {socket: /run/c.sock}\n";
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const auto records = parse_servers(text.substr(0, length), "f");
    EXPECT_TRUE(!records || records->size() <= 3u) << length;
  }
}

TEST(ConfigServers, AFileMayBeJsonOrEmptyButNotNothing) {
  EXPECT_THAT(shown(*parse_servers("[{\"host\": \"a\", \"port\": 80},\n \"b:81\"]", "f")),
              ElementsAre("a:80 a 80", "b:81 b 81"));
  EXPECT_THAT(*parse_servers("[]", "f"), IsEmpty());
  EXPECT_EQ(parse_servers("", "f").error().message, "f:1: must be a list, got nothing");
  EXPECT_EQ(parse_servers("a: 1", "f").error().message, "f:1: must be a list, got a mapping");
  EXPECT_EQ(parse_servers("[a", "f").error().message.substr(0, 4), "f:1:");
}

}  // namespace
}  // namespace synapse
