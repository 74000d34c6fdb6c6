#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/config.h"

namespace synapse {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

std::string with_watcher(const std::string& watcher, const std::string& name = "name: web, ") {
  return "routers:\n- type: console\n  services:\n  - {" + name + "watcher: " + watcher + "}\n";
}

template <class Kind>
Kind good(const std::string& watcher) {
  const auto parsed = parse_config(with_watcher(watcher), "s.yml", {.strict = true});
  EXPECT_THAT(parsed.diagnostics.errors, IsEmpty());
  if (!parsed.config) return {};
  return std::get<Kind>(parsed.config->routers[0].services[0].watcher);
}

std::vector<std::string> errors(const std::string& watcher, const std::string& name = "name: web, ") {
  const auto parsed = parse_config(with_watcher(watcher, name), "s.yml", {.strict = true});
  EXPECT_FALSE(parsed.config.has_value());
  return parsed.diagnostics.errors;
}

const std::string kAt = "s.yml:4: routers[0].services[0].watcher";

TEST(WatcherConfig, KnowsTheKinds) {
  const auto missing = parse_config("routers:\n- type: console\n  services:\n  - {name: x}\n", "s.yml", {});
  EXPECT_THAT(missing.diagnostics.errors, ElementsAre(kAt + ": is missing"));
  EXPECT_THAT(errors("zk1"), ElementsAre(kAt + ": must be a mapping, got a string"));
  EXPECT_THAT(errors("{hosts: [a], path: /a}"), ElementsAre(kAt + ".type: is missing"));
  EXPECT_THAT(errors("{type: zookeper}"),
              ElementsAre(kAt + ".type: must be one of dns, file, fixed, multi, zookeeper, got \"zookeper\"; did you "
                                "mean \"zookeeper\"?"));
}

TEST(WatcherConfig, ReadsZookeeper) {
  const auto smallest = good<ZookeeperWatcherConfig>("{type: zookeeper, hosts: [zk1], path: /web}");
  EXPECT_EQ(smallest, (ZookeeperWatcherConfig{.hosts = {"zk1"}, .path = "/web"}));
  EXPECT_EQ(smallest.timeout, milliseconds(2000));
  EXPECT_EQ(smallest.full_check_interval, std::chrono::minutes(5));
  EXPECT_EQ(good<ZookeeperWatcherConfig>("{type: zookeeper, hosts: ['zk1:1', zk2], path: /a/b/, timeoutInMilli: 1, "
                                         "endpointName: admin, fullCheckIntervalInMilli: 1000}"),
            (ZookeeperWatcherConfig{.hosts = {"zk1:1", "zk2"},
                                    .path = "/a/b",
                                    .timeout = milliseconds(1),
                                    .endpoint_name = "admin",
                                    .full_check_interval = milliseconds(1000)}));
}

TEST(WatcherConfig, SaysWhatIsWrongWithZookeeper) {
  EXPECT_THAT(errors("{type: zookeeper}"), ElementsAre(kAt + ".hosts: is missing", kAt + ".path: is missing"));
  EXPECT_THAT(errors("{type: zookeeper, hosts: a, path: ''}"),
              ElementsAre(kAt + ".hosts: must be a list, got a string", kAt + ".path: must not be empty"));
  EXPECT_THAT(
      errors("{type: zookeeper, hosts: [], path: services}"),
      ElementsAre(kAt + ".hosts: must name at least one host", kAt + ".path: must start with '/', got \"services\""));
  EXPECT_THAT(errors("{type: zookeeper, hosts: ['a:99999'], path: /a//b, timeoutInMilli: 0, "
                     "fullCheckIntervalInMilli: 999}"),
              ElementsAre(kAt + ".hosts: ZooKeeper hosts \"a:99999\": port \"99999\" is not a number between 1 and "
                                "65535; write them as host:port,host:port[/chroot]",
                          kAt + ".path: must not contain '//', got \"/a//b\"",
                          kAt + ".timeoutInMilli: must be at least 1, got 0",
                          kAt + ".fullCheckIntervalInMilli: must be at least 1000, got 999"));
}

TEST(WatcherConfig, ReadsAFile) {
  EXPECT_EQ(good<FileWatcherConfig>("{type: file, path: /etc/web.yml}"), (FileWatcherConfig{.path = "/etc/web.yml"}));
  const auto relative = parse_config(with_watcher("{type: file, path: ../web.yml}"), "/etc/synapse/s.yml", {});
  ASSERT_TRUE(relative.config);
  EXPECT_EQ(std::get<FileWatcherConfig>(relative.config->routers[0].services[0].watcher).path, "/etc/web.yml");
  EXPECT_THAT(errors("{type: file}"), ElementsAre(kAt + ".path: is missing"));
  EXPECT_THAT(errors("{type: file, path: /etc/}"), ElementsAre(kAt + ".path: must name a file, got \"/etc/\""));
  EXPECT_THAT(errors("{type: file, path: /a, hosts: [b]}"), ElementsAre(kAt + ": unknown key \"hosts\""));
}

TEST(WatcherConfig, ReadsDns) {
  const auto smallest = good<DnsWatcherConfig>("{type: dns, hosts: ['web.example.org:80']}");
  EXPECT_EQ(smallest, (DnsWatcherConfig{.hosts = {{"web.example.org", 80}}}));
  EXPECT_EQ(smallest.min_ttl, milliseconds(1000));
  EXPECT_EQ(smallest.max_ttl, std::chrono::minutes(5));
  EXPECT_EQ(smallest.family, AddressFamily::any);
  EXPECT_EQ(good<DnsWatcherConfig>("{type: dns, hosts: ['a.:1', 'b:65535'], srv: [_http._tcp.c, d.], nameservers: "
                                   "[127.0.0.1, '127.0.0.1:5353', '[::1]:54'], family: ipv6, minTtlInMilli: 100, "
                                   "maxTtlInMilli: 200}"),
            (DnsWatcherConfig{.hosts = {{"a.", 1}, {"b", 65535}},
                              .services = {"_http._tcp.c", "d."},
                              .name_servers = {"127.0.0.1:53", "127.0.0.1:5353", "[::1]:54"},
                              .family = AddressFamily::ipv6,
                              .min_ttl = milliseconds(100),
                              .max_ttl = milliseconds(200)}));
  EXPECT_EQ(good<DnsWatcherConfig>("{type: dns, srv: [a], nameservers: ['::1'], minTtlInMilli: 600000}"),
            (DnsWatcherConfig{.services = {"a"},
                              .name_servers = {"[::1]:53"},
                              .min_ttl = std::chrono::minutes(10),
                              .max_ttl = std::chrono::minutes(10)}));
}

TEST(WatcherConfig, SaysWhatIsWrongWithDns) {
  const std::string needs = ": needs hosts, a list of name:port, or srv, a list of names of SRV records";
  EXPECT_THAT(errors("{type: dns}"), ElementsAre(kAt + needs));
  EXPECT_THAT(errors("{type: dns, hosts: []}"), ElementsAre(kAt + needs));
  const std::string must = ": must be name:port, got ";
  const std::string hint = "; addresses are for a watcher of type fixed, names of SRV records for srv";
  EXPECT_THAT(
      errors("{type: dns, hosts: [a, 'a:0', 'a:99999', '10.0.0.1:80', 'a b:1', ':1']}"),
      ElementsAre(kAt + ".hosts[0]" + must + "\"a\"" + hint, kAt + ".hosts[1]" + must + "\"a:0\"" + hint,
                  kAt + ".hosts[2]" + must + "\"a:99999\"" + hint, kAt + ".hosts[3]" + must + "\"10.0.0.1:80\"" + hint,
                  kAt + ".hosts[4]" + must + "\"a b:1\"" + hint, kAt + ".hosts[5]" + must + "\":1\"" + hint));
  EXPECT_THAT(errors("{type: dns, srv: ['a/b']}"),
              ElementsAre(kAt + ".srv[0]: must be the name of SRV records, such as _http._tcp.example.org, got "
                                "\"a/b\""));
  const std::string server = ": must be the address of a name server, with :port behind it if that is not 53, got ";
  EXPECT_THAT(
      errors("{type: dns, srv: [a], nameservers: [dns1, '127.0.0.1:x', '::1:53x']}"),
      ElementsAre(kAt + ".nameservers[0]" + server + "\"dns1\"", kAt + ".nameservers[1]" + server + "\"127.0.0.1:x\"",
                  kAt + ".nameservers[2]" + server + "\"::1:53x\""));
  EXPECT_THAT(errors("{type: dns, srv: [a], nameservers: [127.0.0.1, 127.0.0.2, 127.0.0.3, 127.0.0.4], family: ipv5, "
                     "minTtlInMilli: 99}"),
              ElementsAre(kAt + ".nameservers: must be 3 at most, got 4",
                          kAt + ".family: must be one of any, ipv4, ipv6, got \"ipv5\"; did you mean \"ipv4\"?",
                          kAt + ".minTtlInMilli: must be at least 100, got 99"));
  EXPECT_THAT(errors("{type: dns, srv: [a], minTtlInMilli: 2000, maxTtlInMilli: 1000}"),
              ElementsAre(kAt + ".maxTtlInMilli: must not be shorter than minTtlInMilli, which is 2000, got 1000"));
}

TEST(WatcherConfig, ReadsFixedServers) {
  const auto fixed = good<FixedWatcherConfig>("{type: fixed, servers: ['10.0.0.1:80', {socket: /run/a.sock}]}");
  ASSERT_EQ(fixed.servers.size(), 2u);
  EXPECT_EQ(fixed.servers[0].child, "servers[0]");
  EXPECT_EQ(fixed.servers[0].registration->host, "10.0.0.1");
  EXPECT_EQ(fixed.servers[1].socket, "/run/a.sock");
  EXPECT_THAT(errors("{type: fixed}"), ElementsAre(kAt + ".servers: is missing"));
  EXPECT_THAT(errors("{type: fixed, servers: [{host: a, port: 0}]}"),
              ElementsAre(kAt + ".servers[0].port: must be between 1 and 65535, got 0"));
  EXPECT_THAT(good<FixedWatcherConfig>("{type: fixed, servers: []}").servers, IsEmpty());
}

TEST(WatcherConfig, ReadsSeveralAsOne) {
  const auto multi = good<MultiWatcherConfig>(
      "{type: multi, resolver: sequential, firstWaitInMilli: 0, watchers: {near: {type: file, path: /a}, far: {type: "
      "multi, watchers: {one: {type: dns, srv: [a]}}}}}");
  EXPECT_EQ(multi.resolver, MultiResolver::sequential);
  EXPECT_EQ(multi.first_wait, milliseconds(0));
  ASSERT_EQ(multi.watchers.size(), 2u);
  EXPECT_EQ(multi.watchers[0], (NamedWatcherConfig{"near", FileWatcherConfig{.path = "/a"}}));
  const auto& far = std::get<MultiWatcherConfig>(multi.watchers[1].watcher);
  EXPECT_EQ(far.resolver, MultiResolver::union_of_all);
  EXPECT_EQ(far.first_wait, milliseconds(10'000));
  EXPECT_EQ(type_of(far.watchers[0].watcher), "dns");
}

TEST(WatcherConfig, SaysWhatIsWrongWithSeveral) {
  EXPECT_THAT(errors("{type: multi}"), ElementsAre(kAt + ".watchers: is missing"));
  EXPECT_THAT(errors("{type: multi, watchers: {}}"), ElementsAre(kAt + ".watchers: must name at least one watcher"));
  EXPECT_THAT(errors("{type: multi, watchers: []}"), ElementsAre(kAt + ".watchers: must be a mapping, got a list"));
  EXPECT_THAT(errors("{type: multi, resolver: first, watchers: {a b: {type: file, path: /a}, c: {type: file}}}"),
              ElementsAre(kAt + ".resolver: must be one of union, sequential, got \"first\"",
                          kAt + ".watchers.a b: the name of a watcher consists of letters, digits and _ . : -, 200 at "
                                "most",
                          kAt + ".watchers.c.path: is missing"));
}

TEST(WatcherConfig, OnlyAPathGivesAName) {
  EXPECT_THAT(
      errors("{type: file, path: /etc/web.yml}", ""),
      ElementsAre("s.yml:4: routers[0].services[0].name: is missing: only the path of a zookeeper watcher gives "
                  "one"));
}

TEST(WatcherConfig, WhereItStandsIsNoDifference) {
  const std::string fixed = "{type: fixed, servers: ['10.0.0.1:80']}";
  const auto one = parse_config(with_watcher(fixed), "s.yml", {});
  const auto other = parse_config("routers:\n- type: console\n  services:\n  - {name: x, watcher: " + fixed +
                                      "}\n  - {name: web, watcher: " + fixed + "}\n",
                                  "s.yml", {});
  EXPECT_EQ(one.config->routers[0].services[0].watcher, other.config->routers[0].services[1].watcher);
  EXPECT_NE(good<MultiWatcherConfig>("{type: multi, watchers: {a: {type: file, path: /a}}}"),
            good<MultiWatcherConfig>("{type: multi, watchers: {a: {type: file, path: /b}}}"));
}

}  // namespace
}  // namespace synapse
