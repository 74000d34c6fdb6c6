#include "common/runtime/local_address.h"

#include <gtest/gtest.h>

namespace common {
namespace {

TEST(LocalAddress, KnowsTheLoopbackInterface) {
  const auto address = address_of_interface("lo");
  ASSERT_TRUE(address) << address.error().message;
  EXPECT_EQ(*address, "127.0.0.1");
}

TEST(LocalAddress, ListsTheInterfacesWhenOneIsUnknown) {
  const auto address = address_of_interface("nosuch0");
  ASSERT_FALSE(address);
  EXPECT_TRUE(address.error().message.starts_with("there is no interface nosuch0; there are "))
      << address.error().message;
  EXPECT_NE(address.error().message.find("lo"), std::string::npos);
}

TEST(LocalAddress, GivesAnAddressOutwardsOrSaysThatThereIsNoRoute) {
  const auto address = outward_address();
  if (address) {
    EXPECT_NE(*address, "");
    EXPECT_NE(*address, "127.0.0.1");
  } else {
    EXPECT_NE(address.error().message.find("no route"), std::string::npos);
  }
}

}  // namespace
}  // namespace common
