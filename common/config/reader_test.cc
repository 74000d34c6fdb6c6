#include "common/config/reader.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/nearest.h"

namespace common {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

// A document and what reading it finds.
struct Read {
  explicit Read(const std::string& text) : document(*Document::parse(text, "f.yml")) {}

  ObjectReader object() { return ObjectReader(Reader(document, found)); }

  Document document;
  Diagnostics found;
};

TEST(Reader, ReadsTypedValues) {
  Read read("text: x\nnumber: 80\nflag: yes\nwait: 1500\nlist: [a, 1, true]\nmap: {k: v, n: 2}\n");
  auto object = read.object();
  EXPECT_EQ(object.text("text", ""), "x");
  EXPECT_EQ(object.integer("number", 0, {1, 100}), 80);
  EXPECT_TRUE(object.boolean("flag", false));
  EXPECT_EQ(object.milliseconds("wait", std::chrono::milliseconds(1)), std::chrono::milliseconds(1500));
  EXPECT_THAT(object.texts("list"), ElementsAre("a", "1", "true"));
  EXPECT_THAT(object.text_map("map"), ElementsAre(Pair("k", "v"), Pair("n", "2")));
  object.finish();
  EXPECT_THAT(read.found.errors, IsEmpty());
  EXPECT_THAT(read.found.warnings, IsEmpty());
}

TEST(Reader, GivesFallbacksForWhatIsAbsentOrNull) {
  Read read("a:\nb: ~\n");
  auto object = read.object();
  EXPECT_EQ(object.text("a", "x"), "x");
  EXPECT_EQ(object.integer("b", 7, {1, 9}), 7);
  EXPECT_TRUE(object.boolean("c", true));
  EXPECT_FALSE(object.has("a"));
  EXPECT_THAT(object.texts("d"), IsEmpty());
  object.finish();
  EXPECT_THAT(read.found.errors, IsEmpty());
}

TEST(Reader, MatchesKeysWithoutCase) {
  Read read("APIPort: 1\n");
  auto object = read.object();
  EXPECT_TRUE(object.has("apiPort"));
  EXPECT_EQ(object.integer("apiPort", 0, {1, 2}), 1);
  object.finish();
  EXPECT_THAT(read.found.warnings, IsEmpty());
}

TEST(Reader, RefusesWhatIsNoWholeNumber) {
  Read read("a: 1.5\nb: abc\nc: \"1 2\"\nd: [1]\ne: true\nf: ''\ng: 1e3\nh: {}\n");
  auto object = read.object();
  for (const auto* key : {"a", "b", "c", "d", "e", "f", "g", "h"}) EXPECT_EQ(object.integer(key, 5, {1, 9}), 5);
  EXPECT_THAT(
      read.found.errors,
      ElementsAre("f.yml:1: a: must be a whole number, got 1.5", "f.yml:2: b: must be a whole number, got \"abc\"",
                  "f.yml:3: c: must be a whole number, got \"1 2\"", "f.yml:4: d: must be a whole number, got a list",
                  "f.yml:5: e: must be a whole number, got true", "f.yml:6: f: must be a whole number, got \"\"",
                  "f.yml:7: g: must be a whole number, got 1e3", "f.yml:8: h: must be a whole number, got a mapping"));
}

TEST(Reader, TakesDigitsInQuotesAsNumber) {
  Read read("a: \"80\"\nb: +7\nc: -3\n");
  auto object = read.object();
  EXPECT_EQ(object.integer("a", 0, {1, 100}), 80);
  EXPECT_EQ(object.integer("b", 0, {1, 100}), 7);
  EXPECT_EQ(object.integer("c", 0, {-9, 100}), -3);
  EXPECT_TRUE(read.found.ok());
}

TEST(Reader, RefusesNumbersOutOfRange) {
  Read read("a: 70000\nb: 0\nc: 99999999999999999999\nd: 0\ne: 31536000001\nf: -9\n");
  auto object = read.object();
  EXPECT_EQ(object.required_integer("a", {1, 65535}), 1);
  EXPECT_EQ(object.integer("b", 9, {1, INT64_MAX}), 9);
  EXPECT_EQ(object.integer("c", 9, {1, INT64_MAX}), 9);
  EXPECT_EQ(object.milliseconds("d", std::chrono::milliseconds(8)).count(), 8);
  EXPECT_EQ(object.milliseconds("e", std::chrono::milliseconds(8)).count(), 8);
  EXPECT_EQ(object.milliseconds("f", std::chrono::milliseconds(8), 0).count(), 8);
  EXPECT_THAT(read.found.errors,
              ElementsAre("f.yml:1: a: must be between 1 and 65535, got 70000", "f.yml:2: b: must be at least 1, got 0",
                          "f.yml:3: c: must be a whole number that fits 64 bits, got 99999999999999999999",
                          "f.yml:4: d: must be at least 1, got 0",
                          "f.yml:5: e: must be at most 31536000000 (a year), got 31536000001",
                          "f.yml:6: f: must be at least 0, got -9"));
}

TEST(Reader, RefusesOtherTypes) {
  Read read("text: [a]\nflag: maybe\nlist: a\nnumber: 3\nmap: true\nitems: [{}, ~]\n");
  auto object = read.object();
  EXPECT_EQ(object.text("text", "f"), "");
  EXPECT_TRUE(object.boolean("flag", true));
  EXPECT_THAT(object.texts("list"), IsEmpty());
  EXPECT_THAT(object.texts("number"), IsEmpty());
  EXPECT_THAT(object.text_map("map"), IsEmpty());
  EXPECT_EQ(object.texts("items").size(), 2u);
  EXPECT_THAT(
      read.found.errors,
      ElementsAre("f.yml:1: text: must be a string, got a list", "f.yml:2: flag: must be true or false, got \"maybe\"",
                  "f.yml:3: list: must be a list, got a string", "f.yml:4: number: must be a list, got a number",
                  "f.yml:5: map: must be a mapping, got a boolean",
                  "f.yml:6: items[0]: must be a string, got a mapping",
                  "f.yml:6: items[1]: must be a string, got nothing"));
}

TEST(Reader, MissesMandatoryKeysAtThePlaceOfTheMapping) {
  Read read("services:\n  - name: ''\n    more: 1\n");
  auto object = read.object();
  for (const auto& item : object.items("services")) {
    ObjectReader service(item);
    EXPECT_EQ(service.required_text("name"), "");
    EXPECT_EQ(service.required_text("host"), "");
    EXPECT_EQ(service.required_integer("port", {1, 65535}), 1);
  }
  EXPECT_THAT(read.found.errors,
              ElementsAre("f.yml:2: services[0].name: must not be empty", "f.yml:2: services[0].host: is missing",
                          "f.yml:2: services[0].port: is missing"));
}

TEST(Reader, RecordsErrorsAboutKeysThatStandThereOrNot) {
  Read read("a:\n  b: 1\n  c: 2\n");
  ObjectReader object(*read.object().find("a"));
  object.error("c", "is wrong");
  object.error("d", "is not there");
  EXPECT_THAT(read.found.errors, ElementsAre("f.yml:3: a.c: is wrong", "f.yml:2: a.d: is not there"));
}

TEST(Reader, SaysOnceThatAMappingIsNone) {
  Read read("services: [x]\n");
  auto object = read.object();
  ObjectReader service(object.items("services")[0]);
  EXPECT_EQ(service.required_text("host"), "");
  service.finish();
  EXPECT_THAT(read.found.errors, ElementsAre("f.yml:1: services[0]: must be a mapping, got a string"));
}

TEST(Reader, AnEmptyFileIsNoMapping) {
  Read read("");
  read.object();
  EXPECT_THAT(read.found.errors, ElementsAre("f.yml:1: must be a mapping, got nothing"));
}

TEST(Reader, WarnsOfUnknownKeysWithTheNearest) {
  Read read("intervall: 1\nport: 2\nprot: 3\nxyz: 4\n\"a\\nb\": 5\ntimeout: 6\n");
  auto object = read.object();
  EXPECT_EQ(object.integer("interval", 0, {1, 9}), 0);
  EXPECT_EQ(object.integer("port", 0, {1, 9}), 2);
  object.ignore("timeoutInMilli");
  object.finish();
  EXPECT_TRUE(read.found.ok());
  EXPECT_THAT(read.found.warnings, ElementsAre("f.yml:1: unknown key \"intervall\"; did you mean \"interval\"?",
                                               "f.yml:3: unknown key \"prot\"; did you mean \"port\"?",
                                               "f.yml:4: unknown key \"xyz\"", "f.yml:5: unknown key \"a\\nb\"",
                                               "f.yml:6: unknown key \"timeout\"; did you mean \"timeoutInMilli\"?"));
}

TEST(Reader, MessagesStayOneLine) {
  Read read("a:\n  \"b\\nc\": \"x\\r\\0\"\n");
  auto object = read.object();
  const auto members = object.find("a")->members();
  EXPECT_EQ(members.at(0).second.integer({1, 2}, 1), 1);
  EXPECT_THAT(read.found.errors, ElementsAre("f.yml:2: a.b?c: must be a whole number, got \"x??\""));
}

TEST(Reader, UnknownKeysAreErrorsWhenStrict) {
  Read read("a: {nmae: 1}\n");
  read.found.strict = true;
  auto object = read.object();
  ObjectReader inner(*object.find("a"));
  EXPECT_FALSE(inner.has("name"));
  inner.finish();
  object.finish();
  EXPECT_THAT(read.found.errors, ElementsAre("f.yml:1: a: unknown key \"nmae\"; did you mean \"name\"?"));
  EXPECT_THAT(read.found.warnings, IsEmpty());
}

TEST(Reader, TakesOneOfTheNames) {
  Read read("a: name\nb: nmae\nc: zzz\nd: [name]\ne: Name\n");
  auto object = read.object();
  const std::vector<std::string> names = {"random", "name", "date"};
  EXPECT_EQ(object.one_of("a", "random", names), "name");
  EXPECT_EQ(object.one_of("b", "random", names), "random");
  EXPECT_EQ(object.one_of("c", "random", names), "random");
  EXPECT_EQ(object.one_of("d", "random", names), "random");
  EXPECT_EQ(object.one_of("e", "random", names), "random");
  EXPECT_EQ(object.one_of("none", "date", names), "date");
  EXPECT_THAT(read.found.errors,
              ElementsAre("f.yml:2: b: must be one of random, name, date, got \"nmae\"; did you mean \"name\"?",
                          "f.yml:3: c: must be one of random, name, date, got \"zzz\"",
                          "f.yml:4: d: must be one of random, name, date, got a list",
                          "f.yml:5: e: must be one of random, name, date, got \"Name\"; did you mean \"name\"?"));
}

TEST(Reader, ListsMembersInTheOrderOfTheFile) {
  Read read("z: {B: 1, a: 2}\n");
  auto object = read.object();
  const auto members = object.find("z")->members();
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[0].first, "B");
  EXPECT_EQ(members[1].second.path(), "z.a");
  EXPECT_EQ(members[1].second.location(), "f.yml:1");
}

TEST(Nearest, KnowsTypos) {
  const std::vector<std::string> words = {"tcp", "http", "https", "exec", "reloadMinIntervalInMilli"};
  EXPECT_EQ(nearest("htpp", words), "http");
  EXPECT_EQ(nearest("HTTPs", words), "https");
  EXPECT_EQ(nearest("tpc", words), "tcp");
  EXPECT_EQ(nearest("interval", words), "reloadMinIntervalInMilli");
  EXPECT_EQ(nearest("redis", words), std::nullopt);
  EXPECT_EQ(nearest("", words), std::nullopt);
  EXPECT_EQ(nearest(std::string(10'000, 'x'), words), std::nullopt);
  EXPECT_EQ(nearest("x", {}), std::nullopt);
}

}  // namespace
}  // namespace common
