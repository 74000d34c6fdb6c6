#include "nerve/check/basic_auth.h"

#include <gtest/gtest.h>

namespace nerve {
namespace {

TEST(BasicAuth, IsBase64) {
  EXPECT_EQ(basic_authorization("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==") << "of RFC 7617";
  EXPECT_EQ(basic_authorization("guest", "guest"), "Basic Z3Vlc3Q6Z3Vlc3Q=");
  EXPECT_EQ(basic_authorization("ab", "\xff\xfe\xfd"), "Basic YWI6//79");
}

}  // namespace
}  // namespace nerve
