#include "nerve/cli.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace nerve {
namespace {

struct Parsed {
  std::optional<int> exit_code;
  CommandLine line;
  std::string output;  // of both streams
};

Parsed parse(std::vector<std::string> words) {
  words.insert(words.begin(), "nerve");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  Parsed parsed;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  parsed.exit_code = parse_command_line(static_cast<int>(argv.size()), argv.data(), "1.2.3", parsed.line);
  parsed.output = testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
  return parsed;
}

// "PUT /path" of what is asked; or the exit code.
std::string asked(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  if (parsed.exit_code) return std::to_string(*parsed.exit_code);
  if (!parsed.line.admin) return "nerve " + parsed.line.config_path;
  const auto route = route_of(*parsed.line.admin);
  return route.method + " " + route.path;
}

TEST(CommandLine, RunsNerve) {
  EXPECT_EQ(asked({"nerve.yml"}), "nerve nerve.yml");
  EXPECT_EQ(asked({"./status"}), "nerve ./status");
  const auto parsed = parse({"-L", "debug", "--check", "--strict", "nerve.yml"});
  EXPECT_EQ(parsed.line.log_level, "debug");
  EXPECT_TRUE(parsed.line.check && parsed.line.strict);
  EXPECT_EQ(parsed.line.config_path, "nerve.yml");
}

TEST(CommandLine, AsksTheOneThatRuns) {
  EXPECT_EQ(asked({"status"}), "GET /status");
  EXPECT_EQ(asked({"status", "web"}), "GET /services/web/status");
  EXPECT_EQ(asked({"status", "a/b c"}), "GET /services/a%2Fb%20c/status");
  EXPECT_EQ(asked({"health"}), "GET /health");
  EXPECT_EQ(asked({"disable", "web"}), "PUT /services/web/disable");
  EXPECT_EQ(asked({"disable", "web", "--shutdown"}), "PUT /services/web/disable?shutdown=true");
  EXPECT_EQ(asked({"disable", "--all"}), "PUT /disable");
  EXPECT_EQ(asked({"enable", "--force", "web"}), "PUT /services/web/enable?force=true");
  EXPECT_EQ(asked({"enable", "--all"}), "PUT /enable");
  EXPECT_EQ(asked({"weight", "web", "7"}), "PUT /services/web/weight/7");
  EXPECT_EQ(asked({"weight", "--all", "7"}), "PUT /weight/7");
}

TEST(CommandLine, SaysWhereAndHow) {
  const auto parsed = parse({"disable", "web", "--api", "unix:/run/n.sock", "--config", "n.yml", "--token-file", "t",
                             "--timeout", "1.5", "--json"});
  ASSERT_TRUE(parsed.line.admin);
  EXPECT_EQ(parsed.line.admin->api, "unix:/run/n.sock");
  EXPECT_EQ(parsed.line.admin->config_path, "n.yml");
  EXPECT_EQ(parsed.line.admin->token_file, "t");
  EXPECT_EQ(parsed.line.admin->timeout, std::chrono::milliseconds(1500));
  EXPECT_TRUE(parsed.line.admin->json);
}

TEST(CommandLine, WrongUsageIsTwo) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"--nonsense", "nerve.yml"},
      {"-L", "loud", "nerve.yml"},
      {"a.yml", "b.yml"},
      {"nerve.yml", "status"},
      {"--strict", "status"},
      {"status", ""},
      {"status", "web", "db"},
      {"status", "--force"},
      {"status", "--timeout", "0"},
      {"disable"},
      {"disable", ""},
      {"disable", "web", "--all"},
      {"enable"},
      {"weight"},
      {"weight", "7"},
      {"weight", "web"},
      {"weight", "web", "7", "--all"},
      {"weight", "web", "0"},
      {"weight", "web", "256"},
      {"weight", "web", "7x"},
      {"weight", "--all", "web"},
  };
  for (const auto& words : wrong) {
    const auto parsed = parse(words);
    EXPECT_EQ(parsed.exit_code, 2) << testing::PrintToString(words);
    EXPECT_FALSE(parsed.output.empty());
  }
}

TEST(CommandLine, HelpAndVersionAreFine) {
  EXPECT_EQ(parse({"--version"}).output, "nerve 1.2.3\n");
  EXPECT_EQ(asked({"-V"}), "0");
  EXPECT_NE(parse({"--help"}).output.find("weight"), std::string::npos);
  const auto help = parse({"disable", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.output.find("--shutdown"), std::string::npos) << help.output;
}

}  // namespace
}  // namespace nerve
