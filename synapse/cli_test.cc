#include "synapse/cli.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace synapse {
namespace {

struct Parsed {
  std::optional<int> exit_code;
  CommandLine line;
  std::string output;  // of both streams
};

Parsed parse(std::vector<std::string> words) {
  words.insert(words.begin(), "synapse");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  Parsed parsed;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  parsed.exit_code = parse_command_line(static_cast<int>(argv.size()), argv.data(), "synapse 1.2.3", parsed.line);
  parsed.output = testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
  return parsed;
}

// The path that is asked for; or the exit code.
std::string asked(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  if (parsed.exit_code) return std::to_string(*parsed.exit_code);
  return parsed.line.admin ? path_of(*parsed.line.admin) : "synapse " + parsed.line.config_path;
}

TEST(CommandLine, RunsSynapse) {
  EXPECT_EQ(asked({"synapse.yml"}), "synapse synapse.yml");
  EXPECT_EQ(asked({"./status"}), "synapse ./status");
  const auto parsed = parse({"-L", "debug", "--check", "--strict", "synapse.yml"});
  EXPECT_EQ(parsed.line.log_level, "debug");
  EXPECT_TRUE(parsed.line.check && parsed.line.strict);
  EXPECT_EQ(parsed.line.config_path, "synapse.yml");
}

TEST(CommandLine, AsksTheOneThatRuns) {
  EXPECT_EQ(asked({"status"}), "/services?servers=false");
  EXPECT_EQ(asked({"status", "a/b c"}), "/services?service=a%2Fb%20c");
  EXPECT_EQ(asked({"explain", "web", "10.0.0.1:80"}), "/explain/web/10.0.0.1%3A80");
  EXPECT_EQ(asked({"diff"}), "/diff");
  EXPECT_EQ(asked({"health"}), "/health");
  EXPECT_EQ(asked({"ready"}), "/ready?verbose");
}

TEST(CommandLine, SaysWhereAndHow) {
  const auto parsed =
      parse({"status", "web", "--api", "unix:/run/s.sock", "--config", "s.yml", "--timeout", "1.5", "--json"});
  ASSERT_TRUE(parsed.line.admin);
  EXPECT_EQ(parsed.line.admin->api, "unix:/run/s.sock");
  EXPECT_EQ(parsed.line.admin->config_path, "s.yml");
  EXPECT_EQ(parsed.line.admin->timeout, std::chrono::milliseconds(1500));
  EXPECT_TRUE(parsed.line.admin->json);
}

TEST(CommandLine, WrongUsageIsTwo) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"--nonsense", "synapse.yml"},
      {"-L", "loud", "synapse.yml"},
      {"a.yml", "b.yml"},
      {"synapse.yml", "status"},
      {"--strict", "status"},
      {"--oneshot", "status"},
      {"--timeout", "3", "synapse.yml"},
      {"--oneshot", "--timeout", "0", "synapse.yml"},
      {"status", ""},
      {"status", "web", "db"},
      {"status", "--timeout", "0"},
      {"explain"},
      {"explain", "web"},
      {"explain", "web", ""},
      {"explain", "", "a"},
      {"diff", "web"},
  };
  for (const auto& words : wrong) {
    const auto parsed = parse(words);
    EXPECT_EQ(parsed.exit_code, 2) << testing::PrintToString(words);
    EXPECT_FALSE(parsed.output.empty());
  }
}

TEST(CommandLine, MayRenderOnceAndEnd) {
  EXPECT_FALSE(parse({"s.yml"}).line.oneshot);
  EXPECT_TRUE(parse({"--oneshot", "s.yml"}).line.oneshot);
  EXPECT_EQ(parse({"--oneshot", "s.yml"}).line.oneshot_timeout, std::chrono::seconds(10));
  EXPECT_EQ(parse({"--oneshot", "--timeout", "0.5", "s.yml"}).line.oneshot_timeout, std::chrono::milliseconds(500));
}

TEST(CommandLine, HelpAndVersionAreFine) {
  EXPECT_EQ(parse({"--version"}).output, "synapse 1.2.3\n");
  EXPECT_EQ(asked({"-V"}), "0");
  EXPECT_NE(parse({"--help"}).output.find("explain"), std::string::npos);
  const auto help = parse({"explain", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.output.find("Exit codes"), std::string::npos) << help.output;
}

}  // namespace
}  // namespace synapse
