#include "synapse/server_options.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace synapse {
namespace {

std::string expanded(const std::string& options, const std::string& name = "web1", std::uint64_t seed = 1) {
  const auto result =
      expand_server_options(options, name, {{"az", "eu-1"}, {"app.io/shard", "7"}, {"bad", "a b"}}, seed);
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
      " is not understood; known are {{.Name}}, {{sha1String .Name}}, {{.Labels.NAME}} and {{randString 10}}, 1 to "
      "64 letters";
  for (const std::string bad : {"{{}}", "{{.Nmae}}", "{{Name}}", "{{sha1String}}", "{{randString}}", "{{randString 0}}",
                                "{{randString 65}}", "{{randString 1x}}", "{{randString -1}}", "{{.Name | html}}",
                                "{{.Labels.}}", "{{.Labels.a b}}", "{{Labels.az}}"}) {
    EXPECT_EQ(expanded("check " + bad), "\"" + bad + "\"" + known);
  }
  EXPECT_EQ(expanded("check {{.Name"), "\"{{\" without \"}}\"");
}

TEST(ServerOptionsTemplate, KnowsTheLabels) {
  EXPECT_EQ(expanded("cookie {{.Labels.az}}-{{ .Labels.app.io/shard }}-{{.Name}}"), "cookie eu-1-7-web1");
}

TEST(ServerOptionsTemplate, RefusesLabelsThatAreMissingOrNotHarmless) {
  EXPECT_EQ(expanded("cookie {{.Labels.rack}}"), "it has no label \"rack\"");
  EXPECT_EQ(expanded("cookie {{.Labels.bad}}"),
            "label \"bad\" must consist of letters, digits and _ . : -, 1 to 64 of them, is \"a b\"");
  for (const std::string value : {"", "a\nserver x", "a#b", "$HOME", "a;b", "a/b", "\"", "a\\", "a,b", "\xc3\xa4"}) {
    EXPECT_FALSE(expand_server_options("cookie {{.Labels.x}}", "web1", {{"x", value}}, 1).has_value()) << value;
  }
  EXPECT_TRUE(expand_server_options("{{.Labels.x}}", "w", {{"x", std::string(64, 'a')}}, 1).has_value());
  EXPECT_FALSE(expand_server_options("{{.Labels.x}}", "w", {{"x", std::string(65, 'a')}}, 1).has_value());
}

TEST(ServerOptionsTemplate, RefusesATabWithinAWord) {
  EXPECT_EQ(why_no_server_options("cookie 'a\tb'"), "a tab or another control character cannot stand within a word");
  EXPECT_EQ(why_no_server_options("cookie a\\\tb"), "a tab or another control character cannot stand within a word");
  EXPECT_EQ(why_no_server_options("cookie\ta"), std::nullopt);
}

TEST(ServerOptionsTemplate, TellsWhereALabelMayStand) {
  EXPECT_FALSE(names_labels("check cookie {{.Name}}"));
  EXPECT_TRUE(names_labels("cookie {{.Labels.az}}"));
  for (const std::string good :
       {"", "check {{.Name}}", "cookie {{.Labels.az}}", "check inter {{.Labels.i}}s rise 2", "weight {{.Labels.w}}",
        "sni str({{.Labels.host}})", "verifyhost {{.Labels.host}}", "maxconn {{.Labels.a}}{{.Labels.b}}",
        "port {{.Labels.p}}", "cookie \"{{.Labels.az}}\""}) {
    EXPECT_EQ(why_no_server_options(good), std::nullopt) << good;
  }
  const std::string value = "a label can be a value only, and that of a keyword that is known to be harmless";
  EXPECT_EQ(why_no_server_options("{{.Labels.az}}"), value);
  EXPECT_EQ(why_no_server_options("check {{.Labels.az}} 2s"), value);
  EXPECT_EQ(why_no_server_options("future-word {{.Labels.az}}"), value);
  EXPECT_EQ(why_no_server_options("x{{.Labels.az}} 2"), value);
  for (const std::string keyword : {"addr", "id", "source", "ca-file", "crt", "track", "redir", "namespace"}) {
    EXPECT_EQ(why_no_server_options(keyword + " {{.Labels.az}}"), "a label cannot be the value of \"" + keyword + "\"");
  }
  EXPECT_NE(why_no_server_options("cookie {{.Labels}}"), std::nullopt);
  EXPECT_NE(why_no_server_options("check \"rise"), std::nullopt);
}

TEST(ServerOptionsTemplate, TellsWhetherTheLabelsFit) {
  const auto why = [](const std::string& options, const std::string& text) {
    return why_options_do_not_fit(options, "web1", {{"x", text}}).value_or("fits");
  };
  EXPECT_EQ(why("check inter {{.Labels.x}} cookie {{.Labels.x}}", "2s"), "fits");
  EXPECT_EQ(why("check inter {{.Labels.x}}", "soon"), "serverOptions: bad value \"soon\" behind \"inter\"");
  EXPECT_EQ(why("check inter {{.Labels.x}}", "1ms"), "serverOptions: bad value \"1ms\" behind \"inter\"");
  EXPECT_EQ(why("ssl verify {{.Labels.x}}", "none"), "fits");
  EXPECT_EQ(why("ssl verify {{.Labels.x}}", "required"), "serverOptions: bad value \"required\" behind \"verify\"");
  EXPECT_EQ(why("weight {{.Labels.x}}", "256"), "fits");
  EXPECT_EQ(why("weight {{.Labels.x}}", "257"), "serverOptions: bad value \"257\" behind \"weight\"");
  EXPECT_EQ(why("weight {{.Labels.x}}", "1x"), "serverOptions: bad value \"1x\" behind \"weight\"");
  EXPECT_EQ(why("weight \"{{.Labels.x}}\"", "7"), "fits");
  EXPECT_EQ(why("sni str({{.Labels.x}})", "web.example"), "fits");
  EXPECT_EQ(why("cookie {{.Labels.y}}", "a"), "serverOptions: it has no label \"y\"");
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
