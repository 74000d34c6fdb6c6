#include "common/config/runtime_directory.h"

#include <map>

#include <gtest/gtest.h>

namespace common {
namespace {

TEST(RuntimeDirectory, IsWhatSystemdGaveOrTheUsersOrTheMachines) {
  const auto chosen = [](const std::map<std::string, std::string>& environment) {
    return runtime_directory("synapse", [&](const std::string& name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      if (found == environment.end()) return std::nullopt;
      return found->second;
    });
  };
  EXPECT_EQ(chosen({}), "/run/synapse");
  EXPECT_EQ(chosen({{"STATE_DIRECTORY", "/var/lib/s"}}), "/run/synapse");
  EXPECT_EQ(chosen({{"XDG_RUNTIME_DIR", "/run/user/7"}}), "/run/user/7/synapse");
  EXPECT_EQ(chosen({{"XDG_RUNTIME_DIR", ""}, {"RUNTIME_DIRECTORY", ""}}), "/run/synapse");
  EXPECT_EQ(chosen({{"XDG_RUNTIME_DIR", "/run/user/7"}, {"RUNTIME_DIRECTORY", "/run/a:/run/b"}}), "/run/a");
}

TEST(StateDirectory, IsWhatSystemdGaveOrTheRuntimeDirectory) {
  const auto chosen = [](const std::string& given) {
    return state_directory("synapse", [&](const std::string& name) -> std::optional<std::string> {
      if (name == "STATE_DIRECTORY" && !given.empty()) return given;
      return std::nullopt;
    });
  };
  EXPECT_EQ(chosen("/var/lib/s:/var/lib/t"), "/var/lib/s");
  EXPECT_EQ(chosen("relative"), "/run/synapse");
  EXPECT_EQ(chosen(""), "/run/synapse");
}

}  // namespace
}  // namespace common
