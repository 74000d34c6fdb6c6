#include "synapse/haproxy/runtime_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse::haproxy {
namespace {

using testing::ElementsAre;

const Capabilities k26 = capabilities_of({2, 6, 12});

Command add(const ServerSpec& server) {
  auto words = addition_of(server, {}, k26);
  EXPECT_TRUE(words.has_value());
  auto command = add_server("web_1", server, *words);
  EXPECT_TRUE(command.has_value());
  return *command;
}

const ServerSpec kServer{"a", "10.0.0.1", 80, 10, true, {"check", "inter", "2s"}};

TEST(Commands, AreWhatHaproxyExpects) {
  EXPECT_EQ(add(kServer).text,
            "add server web_1/a 10.0.0.1:80 weight 10 check inter 2s pool-max-conn -1 pool-purge-delay 5s");
  EXPECT_EQ(add({"b", "fe80::1", 80, 0, true, {}}).text,
            "add server web_1/b [fe80::1]:80 weight 0 pool-max-conn -1 pool-purge-delay 5s");
  EXPECT_EQ(add({"c", "/run/c.sock", 0, 1, true, {}}).text,
            "add server web_1/c unix@/run/c.sock weight 1 pool-max-conn -1 pool-purge-delay 5s");
  EXPECT_EQ(set_ready("web_1", "a").text, "set server web_1/a state ready");
  EXPECT_EQ(set_maintenance("web_1", "a").text, "set server web_1/a state maint");
  EXPECT_EQ(set_weight("web_1", "a", 256).text, "set server web_1/a weight 256");
  EXPECT_EQ(set_address("web_1", "a", "::1", 81).text, "set server web_1/a addr ::1 port 81");
  EXPECT_EQ(enable_health("web_1", "a").text, "enable health web_1/a");
  EXPECT_EQ(enable_agent("web_1", "a").text, "enable agent web_1/a");
  EXPECT_EQ(health_up("web_1", "a").text, "set server web_1/a health up");
  EXPECT_EQ(enable_dynamic_cookie("web_1").text, "enable dynamic-cookie backend web_1");
  EXPECT_EQ(delete_server("web_1", "a").text, "del server web_1/a");
}

TEST(Commands, ProtectTheirWords) {
  EXPECT_EQ(add({"a", "10.0.0.1", 80, 1, true, {"sni", R"('str(a; b)')"}}).text,
            R"(add server web_1/a 10.0.0.1:80 weight 1 sni str(a\;\ b) pool-max-conn -1 pool-purge-delay 5s)");
}

// HAProxy drops words above its limit without a sign, and hangs on a command above its buffer.
TEST(Commands, AreNeverTooLong) {
  Addition many;
  many.words.assign(54, "check");
  EXPECT_TRUE(add_server("web_1", kServer, many).has_value());
  many.words.push_back("check");
  auto refused = add_server("web_1", kServer, many);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "61 words and 370 bytes are too much for a runtime command");
  Addition big;
  big.words = {"sni", std::string(12'000, 'x')};
  EXPECT_FALSE(add_server("web_1", kServer, big).has_value());
  Addition unspeakable;
  unspeakable.words = {"sni", "a\nb"};
  EXPECT_FALSE(add_server("web_1", kServer, unspeakable).has_value());
}

Judgement judged(const Command& command, std::string_view reply) {
  return judge(command, reply);
}

ObservedBackend backend_with_a() {
  ObservedServer server;
  server.name = "a";
  server.weight = 5;
  return {"web_1", {server}, {}};
}

const Judgement kOk{Verdict::ok, ""};

TEST(Judge, Additions) {
  auto command = add(kServer);
  EXPECT_EQ(judged(command, "New server registered.\n\n"), kOk);
  EXPECT_EQ(judged(command,
                   "no-sslv3/no-tlsv1x are ignored for this server. Use only 'ssl-min-ver' and 'ssl-max-ver' to fix.\n"
                   "New server registered.\n\n"),
            kOk);
  EXPECT_EQ(judged(command, "Already exists a server with the same name in backend.\n\n"),
            (Judgement{Verdict::surprise, "Already exists a server with the same name in backend."}));
  EXPECT_EQ(judged(command, "No such backend.\n").verdict, Verdict::surprise);
  EXPECT_EQ(judged(command, "Permission denied\n\n").verdict, Verdict::surprise);
  EXPECT_EQ(judged(command, ""), (Judgement{Verdict::surprise, "no answer"}));
  EXPECT_EQ(judged(command, "'cookie' option is not accepted for dynamic server\n\n"),
            (Judgement{Verdict::refused, "'cookie' option is not accepted for dynamic server"}));
  EXPECT_EQ(judged(command, "Backend must use a dynamic load balancing to support dynamic servers.\n").verdict,
            Verdict::refused);
  EXPECT_EQ(judged(command, "'id' : custom id 77 already used at (null):0 ('server k33').\n\n").verdict,
            Verdict::refused);
  EXPECT_EQ(judged(command, "unknown keyword 'foo'; did you mean 'tfo' maybe ?\n\n").verdict, Verdict::refused);
}

TEST(Judge, Deletions) {
  auto command = delete_server("web_1", "a");
  EXPECT_EQ(judged(command, "Server deleted.\n"), kOk);    // 2.6
  EXPECT_EQ(judged(command, "Server deleted.\n\n"), kOk);  // 3.0
  EXPECT_EQ(judged(command, "Server still has connections attached to it, cannot remove it.\n\n").verdict,
            Verdict::busy);
  EXPECT_EQ(
      judged(command, "This server cannot be removed at runtime due to other configuration elements pointing to it.\n")
          .verdict,
      Verdict::busy);
  EXPECT_EQ(judged(command, "Only servers in maintenance mode can be deleted.\n").verdict, Verdict::surprise);
  EXPECT_EQ(judged(command, "No such server.\n").verdict, Verdict::surprise);
}

TEST(Judge, AddressChanges) {
  auto command = set_address("web_1", "a", "::1", 81);
  for (const auto* reply :
       {"no need to change the addr, port changed from '80' to '81' by 'stats socket command'\n\n",
        "IP changed from '10.0.0.1' to '::1', port changed from '80' to '81' by 'stats socket command'\n\n",
        "IP changed from '10.0.0.1' to '::1', no need to change the port by 'stats socket command'\n\n",
        "no need to change the addr, no need to change the port by 'stats socket command'\n\n",
        // 3.0
        "port changed from '80' to '81' by 'stats socket command'\n\n",
        "IP changed from '10.0.0.1' to '::1' by 'stats socket command'\n\n", "nothing changed\n\n"}) {
    EXPECT_EQ(judged(command, reply), kOk) << reply;
  }
  for (const auto* reply :
       {"Invalid addr 'foo' by 'stats socket command'\n\n",
        "no need to change the addr, problem converting port 'abc' to an int by 'stats socket command'\n\n",
        "Update for the current server address family is only supported through configuration file.\n\n",
        "No such server.\n\n", "\n", ""}) {
    EXPECT_EQ(judged(command, reply).verdict, Verdict::surprise) << reply;
  }
}

TEST(Judge, SilenceIsConsentForTheRest) {
  for (const auto& command :
       {set_ready("b", "a"), set_maintenance("b", "a"), set_weight("b", "a", 1), enable_health("b", "a"),
        enable_agent("b", "a"), health_up("b", "a"), enable_dynamic_cookie("b")}) {
    EXPECT_EQ(judged(command, "\n"), kOk) << command.text;
    EXPECT_EQ(judged(command, "No such server.\n\n"), (Judgement{Verdict::surprise, "No such server."}));
  }
  EXPECT_EQ(judged(set_weight("b", "a", 5),
                   "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n\n")
                .words,
            "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.");
  EXPECT_EQ(judged(set_ready("b", "a"), "several\nlines\n").words, "several lines");
}

TEST(Acknowledge, AppliesWhatWasDone) {
  ObservedBackend backend{"web_1", {}, {}};
  acknowledge(add(kServer), "New server registered.\n\n", backend);
  ASSERT_EQ(backend.servers.size(), 1U);
  const auto& server = backend.servers[0];
  EXPECT_EQ(server.address, "10.0.0.1");
  EXPECT_EQ(server.port, 80);
  EXPECT_EQ(server.weight, 10);
  EXPECT_EQ(server.options, kServer.options);
  EXPECT_TRUE(server.forced_maintenance);
  EXPECT_TRUE(server.check_configured);
  EXPECT_FALSE(server.check_enabled);
  acknowledge(enable_health("web_1", "a"), "\n", backend);
  acknowledge(set_ready("web_1", "a"), "\n", backend);
  acknowledge(set_weight("web_1", "a", 20), "\n", backend);
  acknowledge(set_address("web_1", "a", "10.0.0.2", 81),
              "IP changed from '10.0.0.1' to '10.0.0.2', port changed from '80' to '81' by 'stats socket command'\n\n",
              backend);
  EXPECT_TRUE(server.check_enabled);
  EXPECT_FALSE(server.forced_maintenance);
  EXPECT_EQ(server.weight, 20);
  EXPECT_EQ(server.initial_weight, 10);
  EXPECT_EQ(server.address, "10.0.0.2");
  EXPECT_EQ(server.port, 81);
  acknowledge(set_maintenance("web_1", "a"), "\n", backend);
  EXPECT_TRUE(server.forced_maintenance);
  EXPECT_EQ(acknowledge(delete_server("web_1", "a"), "Server still has connections attached to it, cannot remove it.\n",
                        backend)
                .verdict,
            Verdict::busy);
  EXPECT_TRUE(server.removal_refused);
  acknowledge(delete_server("web_1", "a"), "Server deleted.\n", backend);
  EXPECT_TRUE(backend.servers.empty());
}

TEST(Acknowledge, AServerThatPassedItsCheckIsUpWhenItEnters) {
  for (const bool passed : {true, false}) {
    auto backend = backend_with_a();
    auto& server = backend.servers[0];
    auto drain = set_drain("web_1", "a");
    drain.verifies = true;
    acknowledge(drain, "\n", backend);
    acknowledge(health_down("web_1", "a"), "\n", backend);
    EXPECT_FALSE(server.up);
    server.check_passed = passed;
    server.check_health = passed ? 1 : 0;
    acknowledge(set_ready("web_1", "a"), "\n", backend);
    EXPECT_EQ(server.up, passed);
  }
}

TEST(Acknowledge, ASurpriseChangesNothing) {
  auto backend = backend_with_a();
  auto before = backend;
  acknowledge(set_weight("web_1", "a", 20), "No such server.\n\n", backend);
  acknowledge(add(kServer), "Already exists a server with the same name in backend.\n\n", backend);
  EXPECT_EQ(backend, before);
}

TEST(Acknowledge, RemembersRefusals) {
  ObservedBackend backend{"web_1", {}, {}};
  acknowledge(add(kServer), "'cookie' option is not accepted for dynamic server\n\n", backend);
  EXPECT_THAT(backend.refused, ElementsAre("a"));
  EXPECT_TRUE(backend.servers.empty());
}

// maint, del (refused), add, ready: what follows the refusal is no surprise, and the server serves on.
TEST(Acknowledge, AReplacementThatWasRefusedIsNoSurprise) {
  auto backend = backend_with_a();
  acknowledge(set_maintenance("web_1", "a"), "\n", backend);
  acknowledge(delete_server("web_1", "a"), "Server still has connections attached to it, cannot remove it.\n", backend);
  EXPECT_EQ(acknowledge(add(kServer), "Already exists a server with the same name in backend.\n\n", backend).verdict,
            Verdict::refused);
  acknowledge(set_ready("web_1", "a"), "\n", backend);
  EXPECT_FALSE(backend.servers[0].forced_maintenance);
  EXPECT_TRUE(backend.refused.empty());
}

TEST(Info, ReadsWhatIsNeeded) {
  auto info = parse_info(
      "Name: HAProxy\nVersion: 2.6.12-1+deb12u4\nRelease_date: 2026/10/17\nPid: 10891\nUptime: 0d 0h00m07s\n"
      "Uptime_sec: 7\nStopping: 0\n\n");
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(*info, (ProcessInfo{"2.6.12-1+deb12u4", 10891, 7, false}));
  EXPECT_TRUE(parse_info("Version: 3.0.11\nPid: 1\nUptime_sec: 0\nStopping: 1\n")->stopping);
}

TEST(Info, SaysWhatIsMissing) {
  EXPECT_EQ(parse_info("").error().message, "'show info' has no Version");
  EXPECT_EQ(parse_info("Version: 2.6\nPid: x\n").error().message, "'show info' has no Pid");
  EXPECT_EQ(parse_info("Version: 2.6\nPid: 1\n").error().message, "'show info' has no Uptime_sec");
  EXPECT_EQ(parse_info("Version: 2.6\nPid: 4294967297\nUptime_sec: 1\n").error().message, "'show info' has no Pid");
}

TEST(RuntimeCodec, TellsForeignWordsInOneLine) {
  EXPECT_EQ(parse_info("Version: 2.6\x1b[31m\nPid: 1\nUptime_sec: 0\n")->version, "2.6 [31m");
  EXPECT_EQ(judge(set_ready("b", "s"), "No\x7fsuch\tserver.").words, "No such server.");
}

TEST(Env, ReadsTheVariable) {
  EXPECT_EQ(parse_env("SYNAPSE_CONFIG=0123456789abcdef\n\n", "SYNAPSE_CONFIG"), "0123456789abcdef");
  EXPECT_EQ(parse_env("SYNAPSE_CONFIG=\n\n", "SYNAPSE_CONFIG"), "");
  EXPECT_EQ(parse_env("Variable not found\n\n", "SYNAPSE_CONFIG"), std::nullopt);
  EXPECT_EQ(parse_env("SYNAPSE_CONFIG2=x\n\n", "SYNAPSE_CONFIG"), std::nullopt);
  EXPECT_EQ(parse_env("", "SYNAPSE_CONFIG"), std::nullopt);
}

TEST(OldWorkers, AreCountedInTheMastersAnswer) {
  const std::string head =
      "#<PID>          <type>          <reloads>       <uptime>        <version>      \n"
      "26645           master          6 [failed: 0]   0d00h00m06s     2.6.12-1+deb12u4\n"
      "# workers\n26773           worker          0               0d00h00m00s     2.6.12\n";
  EXPECT_EQ(count_old_workers(head + "# programs\n\n"), 0u);
  EXPECT_EQ(count_old_workers(head + "# old workers\n"
                                     "26762           worker          1               0d00h00m01s     2.6.12\n"
                                     "26751           worker          2               0d00h00m02s     2.6.12\n"
                                     "# programs\n\n"),
            2u);
  EXPECT_EQ(count_old_workers("Unknown command\n"), std::nullopt);
}

TEST(ReplyReader, CutsAtPrompts) {
  ReplyReader reader;
  ASSERT_TRUE(reader.feed("\n> \n> No such server.\n\n> Server deleted.\n> "));
  EXPECT_EQ(reader.next(), "\n");  // `prompt` itself
  EXPECT_EQ(reader.next(), "\n");
  EXPECT_EQ(reader.next(), "No such server.\n\n");
  EXPECT_EQ(reader.next(), "Server deleted.\n");
  EXPECT_EQ(reader.next(), std::nullopt);
}

TEST(ReplyReader, TakesBytesOneByOne) {
  ReplyReader reader;
  std::vector<std::string> replies;
  for (char c : std::string("\n> a > b\n>c\n\n> d\n> ")) {
    ASSERT_TRUE(reader.feed(std::string_view(&c, 1)));
    while (auto reply = reader.next()) replies.push_back(*reply);
  }
  EXPECT_THAT(replies, ElementsAre("\n", "a > b\n>c\n\n", "d\n"));
}

TEST(ReplyReader, HasABound) {
  ReplyReader reader(10);
  EXPECT_TRUE(reader.feed("0123456789"));
  EXPECT_FALSE(reader.feed("x"));
}

}  // namespace
}  // namespace synapse::haproxy
