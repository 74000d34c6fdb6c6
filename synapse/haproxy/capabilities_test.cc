#include "synapse/haproxy/capabilities.h"

#include <gtest/gtest.h>

namespace synapse::haproxy {
namespace {

TEST(ParseVersion, ReadsWhatHaproxySays) {
  EXPECT_EQ(parse_version("2.6.12-1+deb12u4"), (Version{2, 6, 12}));
  EXPECT_EQ(parse_version("3.0.11"), (Version{3, 0, 11}));
  EXPECT_EQ(parse_version("3.1-dev3"), (Version{3, 1, 0}));
  EXPECT_EQ(parse_version("HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\nStatus: long-term\n"),
            (Version{2, 6, 12}));
  EXPECT_EQ(parse_version("HA-Proxy version 1.8.19-1+deb10u3 2020/08/01"), (Version{1, 8, 19}));
}

TEST(ParseVersion, ReadsNothingElse) {
  EXPECT_EQ(parse_version(""), std::nullopt);
  EXPECT_EQ(parse_version("HAProxy"), std::nullopt);
  EXPECT_EQ(parse_version("version 3"), std::nullopt);
  EXPECT_EQ(parse_version("v2.6"), std::nullopt);
  EXPECT_EQ(parse_version("99999999999.1"), std::nullopt);
  EXPECT_EQ(parse_version("2.123456"), std::nullopt);
}

TEST(CapabilitiesOf, GrowsWithTheVersion) {
  auto of = [](std::string_view text) { return capabilities_of(*parse_version(text)); };
  EXPECT_FALSE(of("2.3.21").supported);
  EXPECT_FALSE(of("2.3.21").add_servers);
  EXPECT_TRUE(of("2.4.0").supported);
  EXPECT_FALSE(of("2.4.0").add_servers);
  EXPECT_FALSE(of("2.5.14").add_servers);
  EXPECT_TRUE(of("2.6.12").add_servers);
  EXPECT_FALSE(of("2.6.12").delete_servers);
  EXPECT_FALSE(of("2.9.15").delete_servers);
  EXPECT_FALSE(of("2.9.15").dynamic_cookie_keyword);
  EXPECT_TRUE(of("3.0.0").delete_servers);
  EXPECT_TRUE(of("3.0.11").dynamic_cookie_keyword);
  EXPECT_TRUE(of("10.0").delete_servers);
}

TEST(CapabilitiesOf, IsCautiousWithTheUnknown) {
  EXPECT_FALSE(least_capabilities().supported);
  EXPECT_FALSE(least_capabilities().add_servers);
  EXPECT_FALSE(least_capabilities().delete_servers);
  EXPECT_EQ(to_string(Version{2, 6, 12}), "2.6.12");
}

}  // namespace
}  // namespace synapse::haproxy
