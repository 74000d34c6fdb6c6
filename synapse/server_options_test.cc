#include "synapse/server_options.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace synapse {
namespace {

std::string expanded(const std::string& options, const std::string& name = "web1", std::uint64_t seed = 1) {
  const auto result = expand_server_options(options, name, seed);
  return result ? *result : result.error().message;
}

TEST(ServerOptionsTemplate, LeavesPlainWordsAlone) {
  EXPECT_EQ(expanded("check inter 2s"), "check inter 2s");
  EXPECT_EQ(expanded(""), "");
}

TEST(ServerOptionsTemplate, KnowsTheName) {
  EXPECT_EQ(expanded("cookie {{.Name}} check"), "cookie web1 check");
  EXPECT_EQ(expanded("{{ .Name }}{{\t.Name }}"), "web1web1");
}

TEST(ServerOptionsTemplate, HashesTheName) {
  EXPECT_EQ(expanded("cookie {{sha1String .Name}}", "abc"), "cookie a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(ServerOptionsTemplate, DrawsStableLetters) {
  const auto one = expanded("{{randString 10}}");
  EXPECT_EQ(one.size(), 10u);
  EXPECT_EQ(one.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"), std::string::npos) << one;
  EXPECT_EQ(expanded("{{randString 10}}"), one);
  EXPECT_EQ(expanded("{{randString 64}}").size(), 64u);
}

TEST(ServerOptionsTemplate, DrawsOthersForOtherServersSeedsAndPlaces) {
  std::set<std::string> seen;
  for (const auto* name : {"web1", "web2", "web3"}) {
    for (const std::uint64_t seed : {1, 2}) {
      const auto two = expanded("{{randString 10}}{{randString 10}}", name, seed);
      seen.insert(two.substr(0, 10));
      seen.insert(two.substr(10));
    }
  }
  EXPECT_EQ(seen.size(), 12u);
}

TEST(ServerOptionsTemplate, SaysWhatItDoesNotUnderstand) {
  const std::string known =
      " is not understood; known are {{.Name}}, {{sha1String .Name}} and {{randString 10}}, 1 to 64 letters";
  for (const std::string bad : {"{{}}", "{{.Nmae}}", "{{Name}}", "{{sha1String}}", "{{randString}}", "{{randString 0}}",
                                "{{randString 65}}", "{{randString 1x}}", "{{randString -1}}", "{{.Name | html}}"}) {
    EXPECT_EQ(expanded("check " + bad), "\"" + bad + "\"" + known);
  }
  EXPECT_EQ(expanded("check {{.Name"), "\"{{\" without \"}}\"");
}

TEST(Sha1, MatchesTheExamplesOfTheStandard) {
  EXPECT_EQ(sha1_hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(sha1_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(sha1_hex(std::string(1'000'000, 'a')), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

// Around the block size, against sha1sum.
TEST(Sha1, PadsRightAtEveryLength) {
  EXPECT_EQ(sha1_hex(std::string(55, 'a')), "c1c8bbdc22796e28c0e15163d20899b65621d65a");
  EXPECT_EQ(sha1_hex(std::string(56, 'a')), "c2db330f6083854c99d4b5bfb6e8f29f201be699");
  EXPECT_EQ(sha1_hex(std::string(63, 'a')), "03f09f5b158a7a8cdad920bddc29b81c18a551f5");
  EXPECT_EQ(sha1_hex(std::string(64, 'a')), "0098ba824b5c16427bd7a1122a5a442a25ec644d");
}

}  // namespace
}  // namespace synapse
