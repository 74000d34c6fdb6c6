#include "common/config/document.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/document_node.h"

namespace common {
namespace {

using Kind = DocumentNode::Kind;

// The tree in one line: strings quoted, the rest as written.
std::string flat(const DocumentNode& node) {
  switch (node.kind) {
    case Kind::null:
      return "null";
    case Kind::scalar:
      return node.quoted ? '"' + node.text + '"' : node.text;
    case Kind::list: {
      std::string result = "[";
      for (const auto& item : node.items) result += (result.size() > 1 ? "," : "") + flat(*item);
      return result + "]";
    }
    case Kind::mapping: {
      std::string result = "{";
      for (const auto& member : node.members) {
        result += (result.size() > 1 ? "," : "") + member.key + ":" + flat(*member.value);
      }
      return result + "}";
    }
  }
  return "?";
}

std::string parsed(const std::string& text) {
  const auto document = Document::parse(text, "f.yml");
  return document ? flat(document->root()) : document.error().message;
}

TEST(Document, ReadsYaml) {
  EXPECT_EQ(parsed("a: 1\nb:\n  - x\n  - 'y'\nc: {d: ~}\n"), "{a:1,b:[x,\"y\"],c:{d:null}}");
}

TEST(Document, ReadsCompactJson) {
  EXPECT_EQ(parsed(R"({"a":1,"b":{"c":true,"d":"x"},"e":[]})"), "{a:1,b:{c:true,d:\"x\"},e:[]}");
}

TEST(Document, ReadsJsonThatIsIndentedByTabsWithCommentsAndTrailingCommas) {
  EXPECT_EQ(parsed("# it's \"here\n{\n\t\"a\":\t[1,\n\t\t2,\n\t],\t# don't \"stop\n\t\"b\": \"x\ty # no comment\",\n"
                   "\t\"c\": 'it''s\t\"',# more\n\t\"d\": it's,\n\t\t}\n"),
            "{a:[1,2],b:\"x\ty # no comment\",c:\"it's\t\"\",d:it's}");
}

TEST(Document, ReadsEscapesOfJson) {
  EXPECT_EQ(parsed(R"({"a": "\"\\\/\u00e9\n\t", "b": "\ud83d\ude00", "c": "\\ud83d"})"),
            "{a:\"\"\\/\xC3\xA9\n\t\",b:\"\xF0\x9F\x98\x80\",c:\"\\ud83d\"}");
}

TEST(Document, KeepsWhatStandsInQuotesAString) {
  EXPECT_EQ(parsed("a: \"1\"\nb: 'null'\nc: !!str 5\n"), "{a:\"1\",b:\"null\",c:\"5\"}");
}

TEST(Document, TakesAByteOrderMarkAndWindowsLines) {
  EXPECT_EQ(parsed("\xEF\xBB\xBF"
                   "a: 1\r\nb: 2\r\n"),
            "{a:1,b:2}");
}

TEST(Document, AnEmptyTextHasANullRoot) {
  EXPECT_EQ(parsed(""), "null");
  EXPECT_EQ(parsed("# nothing\n"), "null");
  EXPECT_EQ(parsed("---\n"), "null");
}

TEST(Document, KnowsTheLineOfEachValue) {
  const auto document = Document::parse("{\n\t\"a\": 1,\n\t\"b\": [\n\t\tx,\n\t\ty\n\t]\n}", "f.json");
  ASSERT_TRUE(document.has_value());
  const auto& b = *document->root().members[1].value;
  EXPECT_EQ(document->root().members[1].key_line, 3);
  EXPECT_EQ(b.items[1]->line, 5);
  EXPECT_EQ(Document::parse("a: 1\nb:\nc: 1\n", "f.yml")->root().members[1].value->line, 2);
}

TEST(Document, FollowsAliasesAndMergeKeys) {
  EXPECT_EQ(parsed("base: &base {a: 1, b: 2}\nother: *base\nmine:\n  <<: *base\n  B: 3\n"),
            "{base:{a:1,b:2},other:{a:1,b:2},mine:{B:3,a:1}}");
  EXPECT_EQ(parsed("x: &x {a: 1}\ny: &y {a: 2, b: 3}\nz: {<<: [*x, *y]}\n"), "{x:{a:1},y:{a:2,b:3},z:{a:1,b:3}}");
  EXPECT_EQ(parsed("a:\n  <<: 1\n"), "f.yml:2: \"<<\" must refer to a mapping");
}

TEST(Document, RefusesAKeyThatStandsTwice) {
  EXPECT_EQ(parsed("port: 1\nhost: x\nPort: 2\n"), "f.yml:3: key \"Port\" stands twice (first in line 1)");
  EXPECT_EQ(parsed("{\"a\": 1,\n\"a\": 1}"), "f.yml:2: key \"a\" stands twice (first in line 1)");
}

TEST(Document, RefusesKeysThatAreNoStrings) {
  EXPECT_EQ(parsed("a: 1\n? [b]\n: 2\n"), "f.yml:2: a key must be a string");
  EXPECT_EQ(parsed("{a: 1,,}"), "f.yml:1: a key must be a string");
}

TEST(Document, SaysWhereTheSyntaxIsWrong) {
  EXPECT_EQ(parsed("a: 1\n b: 2\n"), "f.yml:2: illegal map value");
  EXPECT_EQ(parsed("a:\n  b: 1\n\tc: 2\n"), "f.yml:3: YAML must not be indented by tabs");
  EXPECT_EQ(parsed("{\"a\": 1\n"), "f.yml:2: end of map flow not found");
  EXPECT_EQ(parsed("a: 1\nb: \"c\nd: 1\n"), "f.yml:2: a quoted string is not closed");
  EXPECT_EQ(parsed("a: 'it''s\n"), "f.yml:1: a quoted string is not closed");
  EXPECT_EQ(parsed("a: 1\n---\nb: 1\n"), "f.yml:3: a second document begins; one is expected");
  EXPECT_THAT(parsed("a: *b\n"), testing::StartsWith("f.yml:1: the referenced anchor is not defined"));
}

TEST(Document, RefusesWhatBelongsNowhere) {
  const std::string nowhere = ": something that belongs nowhere, such as a comma";
  EXPECT_EQ(parsed(","), "f.yml:1" + nowhere);
  EXPECT_EQ(parsed("]"), "f.yml:1: illegal flow end");
  EXPECT_EQ(parsed("{\"a\": 1},\n"), "f.yml:1" + nowhere);
  EXPECT_EQ(parsed("{\"a\": 1}\n,,\n"), "f.yml:2" + nowhere);
  EXPECT_EQ(parsed("a: 1\n---\n---\n...\n"), "{a:1}");
}

TEST(Document, RefusesWhatIsNoText) {
  EXPECT_EQ(parsed(std::string("a: 1\nb: \0", 9)), "f.yml:2: control character 0x00");
  EXPECT_EQ(parsed("a: \x04"), "f.yml:1: control character 0x04");
  EXPECT_EQ(parsed("a: \xC0\xAF"), "f.yml:1: not UTF-8");
  EXPECT_EQ(parsed("a: \xED\xA0\x80"), "f.yml:1: not UTF-8");
  EXPECT_EQ(parsed("a: \xE2\x82"), "f.yml:1: not UTF-8");
}

TEST(Document, BoundsTheDepth) {
  EXPECT_EQ(parsed(std::string(100'000, '[')), "f.yml:1: nested deeper than 100 levels");
  EXPECT_EQ(parsed(std::string(100, '[') + std::string(100, ']')).size(), 200u);
  EXPECT_EQ(parsed(std::string(101, '[') + std::string(101, ']')), "f.yml:1: nested deeper than 100 levels");
}

TEST(Document, BoundsTheNumberOfValues) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += "*a" + std::to_string(i - 1) + ",";
    bomb += "]\n";
  }
  EXPECT_EQ(parsed(bomb), "f.yml:6: more than 1000000 values");
}

TEST(Document, RefusesAnAliasOfItself) {
  EXPECT_EQ(parsed("&a [*a]"), "f.yml:1: an alias refers to the value that it is part of");
}

std::string expanded(const std::string& text) {
  const std::map<std::string, std::string> variables = {
      {"HOST", "10.0.0.1"}, {"PORT", "80"}, {"BOTH", "{{ .HOST }}:{{.PORT}}"}, {"DEEP", "{{ .BOTH }}"}, {"EMPTY", ""}};
  const auto result = expand_environment(text, "f.yml", [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
  return result ? *result : result.error().message;
}

TEST(ExpandEnvironment, ReplacesVariables) {
  EXPECT_EQ(expanded("a: {{ .HOST }}\nb: {{.PORT}}x{{.EMPTY}}"), "a: 10.0.0.1\nb: 80x");
  EXPECT_EQ(expanded("{\"a\":{\"b\":{}}}"), "{\"a\":{\"b\":{}}}");
}

TEST(ExpandEnvironment, ReplacesTwice) {
  EXPECT_EQ(expanded("{{ .BOTH }}"), "10.0.0.1:80");
  EXPECT_EQ(expanded("{{ .DEEP }}"), "{{ .HOST }}:{{.PORT}}");
}

TEST(ExpandEnvironment, NamesWhatIsUndefined) {
  EXPECT_EQ(expanded("a: 1\nb: {{ .NOPE }}\n"), "f.yml:2: environment variable NOPE is not defined");
}

TEST(ExpandEnvironment, RefusesOtherTemplates) {
  EXPECT_EQ(expanded("a\n{{ if .HOST }}"),
            "f.yml:2: \"{{ if .HOST }}\" is not understood; only {{ .NAME }} is, the environment variable NAME");
  EXPECT_EQ(expanded("{{}}"),
            "f.yml:1: \"{{}}\" is not understood; only {{ .NAME }} is, the environment variable NAME");
  EXPECT_EQ(expanded("{{ .1A }}"),
            "f.yml:1: \"{{ .1A }}\" is not understood; only {{ .NAME }} is, the environment variable NAME");
  EXPECT_EQ(expanded("{{ \x01 }}"),
            "f.yml:1: \"{{ ? }}\" is not understood; only {{ .NAME }} is, the environment variable NAME");
  EXPECT_EQ(expanded("a: {{ .HOST\n}}"), "f.yml:1: \"{{\" without \"}}\" in the same line");
}

TEST(ExpandEnvironment, TakesGosLiterals) {
  EXPECT_EQ(expanded(R"x(a: {{ "x}}y" }} {{`{"b"}`}} {{"\"\\"}})x"), R"x(a: x}}y {"b"} "\)x");
  EXPECT_EQ(expanded("{{\"{{\"}}.HOST}}"), "10.0.0.1") << "the second pass";
  EXPECT_EQ(expanded(R"x({{ "a" "b" }})x").substr(0, 9), "f.yml:1: ");
  EXPECT_EQ(expanded(R"x({{ "a)x"), "f.yml:1: \"{{\" without \"}}\" in the same line");
}

TEST(ExpandEnvironment, LeavesTheTemplatesOfAKeyToItsOwner) {
  const LaterTemplates later{"datasource", {"Host", "Port"}};
  const auto expand = [&](const std::string& text) {
    const auto lookup = [](const std::string& name) {
      return name == "Port" ? std::optional<std::string>("80") : std::nullopt;
    };
    const auto result = expand_environment(text, "f.yml", lookup, later);
    return result ? *result : result.error().message;
  };
  EXPECT_EQ(expand("dataSource: \"tcp({{ .Host }}:1)\""), "dataSource: \"tcp({{ .Host }}:1)\"");
  EXPECT_EQ(expand(R"x({"datasource":"tcp({{"{{.Host}}"}})"})x"), R"x({"datasource":"tcp({{.Host}})"})x");
  EXPECT_EQ(expand("datasource: {{ .Port }}"), "datasource: 80") << "as go-nerve does";
  EXPECT_EQ(expand("datasource: {{ .Other }}"), "f.yml:1: environment variable Other is not defined");
  EXPECT_EQ(expand("datasource: x\nhost: {{ .Host }}"), "f.yml:2: environment variable Host is not defined");
}

}  // namespace
}  // namespace common
