#include "synapse/haproxy/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse::haproxy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> words_of(std::string_view line) {
  auto words = split_words(line);
  EXPECT_TRUE(words.has_value()) << line;
  return words.has_value() ? *words : std::vector<std::string>{};
}

TEST(SplitWords, SplitsAtBlanks) {
  EXPECT_THAT(words_of("  balance\troundrobin  "), ElementsAre("balance", "roundrobin"));
  EXPECT_THAT(words_of(""), IsEmpty());
  EXPECT_THAT(words_of(" \t "), IsEmpty());
}

TEST(SplitWords, KeepsWordsAsTheyAreWritten) {
  EXPECT_THAT(words_of(R"(acl a hdr(x) -m reg "a b" 'c d' e\ f g"h i"j)"),
              ElementsAre("acl", "a", "hdr(x)", "-m", "reg", R"("a b")", "'c d'", R"(e\ f)", R"(g"h i"j)"));
}

TEST(SplitWords, DropsComments) {
  EXPECT_THAT(words_of("check inter 2s # fast"), ElementsAre("check", "inter", "2s"));
  EXPECT_THAT(words_of("check#inter"), ElementsAre("check"));
  EXPECT_THAT(words_of(R"(a \# '#' "#" # b)"), ElementsAre("a", R"(\#)", "'#'", R"("#")"));
}

TEST(SplitWords, KnowsThatQuotesInsideQuotesAreCharacters) {
  EXPECT_THAT(words_of(R"("it's" 'say "x"' "a\"b c")"), ElementsAre(R"("it's")", R"('say "x"')", R"("a\"b c")"));
  // No escape between single quotes.
  EXPECT_THAT(words_of(R"('a\' b)"), ElementsAre(R"('a\')", "b"));
}

TEST(SplitWords, RefusesUnmatchedQuotes) {
  auto words = split_words("option \"httpchk GET /");
  ASSERT_FALSE(words.has_value());
  EXPECT_EQ(words.error().message, R"(unmatched quote in "option \"httpchk GET /")");
  EXPECT_FALSE(split_words("'").has_value());
}

TEST(SplitWords, TakesLineBreaksForBlanks) {
  EXPECT_THAT(words_of("a\nb\r"), ElementsAre("a", "b"));
}

TEST(Unquote, GivesTheValue) {
  EXPECT_EQ(unquote("check"), "check");
  EXPECT_EQ(unquote(R"("a b")"), "a b");
  EXPECT_EQ(unquote("'a $b'"), "a $b");
  EXPECT_EQ(unquote(R"(a\ b)"), "a b");
  EXPECT_EQ(unquote(R"(str(\"x\"))"), R"(str("x"))");
  EXPECT_EQ(unquote(R"('a\b')"), R"(a\b)");
  EXPECT_EQ(unquote(R"(a\.b)"), R"(a\.b)");
  EXPECT_EQ(unquote("a$b"), "a$b");
}

TEST(Unquote, GivesNothingForWhatOnlyTheFileCanSay) {
  EXPECT_EQ(unquote(R"("${HOME}")"), std::nullopt);
  EXPECT_EQ(unquote(R"(a\nb)"), std::nullopt);
  EXPECT_EQ(unquote(R"(a\x41)"), std::nullopt);
  EXPECT_EQ(unquote("\"open"), std::nullopt);
}

TEST(CommandWord, ProtectsWhatTheSocketWouldSplitAt) {
  EXPECT_EQ(command_word("str(x)"), "str(x)");
  EXPECT_EQ(command_word("a b;c\\d"), R"(a\ b\;c\\d)");
  EXPECT_EQ(command_word("\"quotes'are#characters"), "\"quotes'are#characters");
}

TEST(CommandWord, RefusesWhatCannotBeWritten) {
  EXPECT_EQ(command_word(""), std::nullopt);
  EXPECT_EQ(command_word("a\nb"), std::nullopt);
  EXPECT_EQ(command_word("<<"), std::nullopt);
}

TEST(OneLine, LeavesNoControlCharacter) {
  EXPECT_EQ(one_line("a\nbackend evil\r\tb\x7f"), "a backend evil  b ");
  EXPECT_EQ(one_line(std::string_view("a\0b", 3)), "a b");
}

TEST(BeginsSection, KnowsHaproxysSections) {
  EXPECT_TRUE(begins_section("backend x"));
  EXPECT_TRUE(begins_section("  \"listen\" x"));
  EXPECT_TRUE(begins_section("userlist u"));
  EXPECT_TRUE(begins_section("defaults"));
  EXPECT_FALSE(begins_section("default_backend x"));
  EXPECT_FALSE(begins_section("default-server check"));
  EXPECT_FALSE(begins_section("# backend x"));
  EXPECT_FALSE(begins_section(""));
}

}  // namespace
}  // namespace synapse::haproxy
