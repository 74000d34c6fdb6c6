#include "common/zookeeper/host_addresses.h"

#include <gtest/gtest.h>

namespace common::zookeeper {
namespace {

TEST(HostAddressesTest, AddressesStandInThePlaceOfNames) {
  const HostAddresses addresses{{"a", {"10.0.0.1", "10.0.0.2"}}, {"b", {"10.0.0.3"}}};
  EXPECT_EQ(with_addresses("a:2181,b:2182/prod", addresses), "10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2182/prod");
  EXPECT_TRUE(all_numeric(addresses));
}

TEST(HostAddressesTest, ANameWithoutAnAnswerIsLeftOutUnlessThereIsNoOther) {
  EXPECT_EQ(with_addresses("a:1,b:2", {{"b", {"10.0.0.3"}}}), "10.0.0.3:2");
  EXPECT_EQ(with_addresses("a:1,b:2/x", {}), "a:1,b:2/x");
}

TEST(HostAddressesTest, ANameWithAnIpv6AddressStaysAName) {
  const HostAddresses addresses{{"a", {}}, {"b", {"10.0.0.3"}}};
  EXPECT_EQ(with_addresses("a:1,b:2", addresses), "a:1,10.0.0.3:2");
  EXPECT_FALSE(all_numeric(addresses));
}

TEST(HostAddressesTest, AnAddressNeedsNoNameServerAndWhatIsKnownStays) {
  const auto found = look_up_hosts("127.0.0.1:1,no such name:2,nor this:3", {{"nor this", {"10.0.0.9"}}});
  EXPECT_EQ(found, (HostAddresses{{"127.0.0.1", {"127.0.0.1"}}, {"nor this", {"10.0.0.9"}}}));
}

}  // namespace
}  // namespace common::zookeeper
