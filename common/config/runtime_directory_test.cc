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
  EXPECT_EQ(chosen({{"XDG_RUNTIME_DIR", "/run/user/7"}}), "/run/user/7/synapse");
  EXPECT_EQ(chosen({{"XDG_RUNTIME_DIR", ""}, {"RUNTIME_DIRECTORY", ""}}), "/run/synapse");
  EXPECT_EQ(chosen({{"XDG_RUNTIME_DIR", "/run/user/7"}, {"RUNTIME_DIRECTORY", "/run/a:/run/b"}}), "/run/a");
}

}  // namespace
}  // namespace common
