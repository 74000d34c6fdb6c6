#include "synapse/output/template_text.h"

#include <gtest/gtest.h>

namespace synapse {
namespace {

RoutedServer server(const std::string& name, const std::string& host, int port) {
  RoutedServer server;
  server.name = name;
  server.host = host;
  server.port = port;
  server.weight = 7;
  return server;
}

std::vector<TemplateService> two_services() {
  auto a = server("a", "10.0.0.1", 80);
  a.labels = {{"az", "eu-1"}, {"odd.key", "<&\"'>"}};
  auto b = server("b", "fe80::1", 8080);
  b.available = false;
  b.unavailable_reason = "draining";
  b.options = {"backup", "maxconn", "5"};
  return {{"web", {a, b}, 1, 1}, {"queue", {}, 0, 0}};
}

std::string rendered(const std::string& text) {
  const auto parsed = Template::parse(text);
  if (!parsed) return "error: " + parsed.error().message;
  return parsed->render(two_services());
}

TEST(Template, SeesAllServicesAndServers) {
  EXPECT_EQ(rendered("{{#services}}\n"
                     "[{{name}}] {{availableCount}}+{{unavailableCount}}\n"
                     "{{#servers}}\n"
                     "{{name}} {{host}} {{port}} {{address}} {{weight}}\n"
                     "{{/servers}}\n"
                     "{{^servers}}\n"
                     "nobody\n"
                     "{{/servers}}\n"
                     "{{/services}}\n"),
            "[web] 1+1\n"
            "a 10.0.0.1 80 10.0.0.1:80 7\n"
            "b fe80::1 8080 [fe80::1]:8080 7\n"
            "[queue] 0+0\n"
            "nobody\n");
}

// The example of the README.
TEST(Template, MakesAnUpstreamOfEachService) {
  EXPECT_EQ(rendered("{{#services}}\n"
                     "upstream {{name}} {\n"
                     "{{#servers}}\n"
                     "{{#available}}\n"
                     "  server {{address}} weight={{weight}};\n"
                     "{{/available}}\n"
                     "{{/servers}}\n"
                     "{{^servers}}\n"
                     "  server 127.0.0.1:1 down;\n"
                     "{{/servers}}\n"
                     "}\n"
                     "{{/services}}\n"),
            "upstream web {\n  server 10.0.0.1:80 weight=7;\n}\nupstream queue {\n  server 127.0.0.1:1 down;\n}\n");
}

TEST(Template, TellsAvailableFromUnavailable) {
  EXPECT_EQ(rendered("{{#service.web.servers}}{{name}}:{{#available}}up{{/available}}{{^available}}down "
                     "({{unavailableReason}}, {{options}}){{/available}} {{/service.web.servers}}"),
            "a:up b:down (draining, backup maxconn 5) ");
}

TEST(Template, SeparatesBecauseItKnowsFirstAndLast) {
  EXPECT_EQ(rendered("{{#service.web.servers}}{{#first}}<{{/first}}{{name}}{{^last}},{{/last}}{{#last}}>{{/last}}"
                     "{{/service.web.servers}}"),
            "<a,b>");
  EXPECT_EQ(rendered("{{#services}}{{name}}{{^last}},{{/last}}{{/services}}"), "web,queue");
}

TEST(Template, SeesLabelsByNameAndAsAListWithoutEscapingThem) {
  EXPECT_EQ(rendered("{{#service.web.servers}}{{labels.az}};{{#labelList}}{{key}}={{value}},{{/labelList}} "
                     "{{/service.web.servers}}"),
            "eu-1;az=eu-1,odd.key=<&\"'>, ; ");
  EXPECT_EQ(rendered("{{#service.web.servers}}{{#labels.az}}{{.}}{{/labels.az}}{{/service.web.servers}}"), "eu-1");
}

TEST(Template, KnowsServersOnUnixSocketsAndFarOnes) {
  auto local = server("local", "/run/app.sock", 0);
  auto far = server("far", "10.0.0.9", 80);
  far.backup = true;
  const auto parsed =
      Template::parse("{{#service.web.servers}}{{address}}{{#backup}} backup{{/backup}};{{/service.web.servers}}");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->render({{"web", {local, far}, 2, 0}}), "/run/app.sock;10.0.0.9:80 backup;");
}

TEST(Template, RendersNothingForWhatIsNotThere) {
  EXPECT_EQ(rendered("a{{nothing}}b{{#service.other.servers}}x{{/service.other.servers}}c{{! a remark }}"), "abc");
}

TEST(Template, DropsALineOnlyWhenItHoldsOneTagAlone) {
  EXPECT_EQ(
      rendered("a\n  {{#service.web}}  \n\n {{! x }}\nb {{! y }}\n\t{{/service.web}}\nc\n{{^service.queue.servers}}\n"
               "{{/service.queue.servers}}"),
      "a\n\nb \nc\n");
  EXPECT_EQ(rendered("{{#no}} {{/no}}\n{{no}}\nx\n"), "\n\nx\n");
  EXPECT_EQ(rendered("{{=<% %>=}}\n<%#service.queue%>\r\nx\r\n<%/service.queue%>\r\n"), "x\r\n");
  EXPECT_EQ(rendered("{{!\n several\n lines }}\nx"), "x");
}

TEST(Template, IsTheSameForTheSame) {
  const auto parsed = Template::parse(
      "{{#services}}{{#servers}}{{#labelList}}{{key}}{{/labelList}}{{/servers}}"
      "{{/services}}");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->render(two_services()), parsed->render(two_services()));
}

TEST(Template, SaysWhereItIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"a\n{{#services}}\nb", "line 2: Unclosed section \"services\""},
      {"a\n\n{{name", "line 3: Unclosed tag"},
      {"{{#a}}{{/b}}", "line 1: Unclosed section \"a\""},
      {"x\n{{/b}}", "line 2: Unopened section \"b\""},
      {"{{=x=}}", "line 1: Invalid set delimiter tag"},
      {"{{=   =}}{{name}}", "line 1: Invalid set delimiter tag"},
      {"{{> name}}", "line 1: there are no partials here"},
      {"x\n{{range .Services}}\n{{end}}",
       "line 2: \"{{range .Services}}\" is not Mustache; a section is {{#name}}...{{/name}}, a value is {{name}}"},
      {"{{ .Name }}",
       "line 1: \"{{ .Name }}\" is not Mustache; a section is {{#name}}...{{/name}}, a value is {{name}}"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(rendered(text), "error: " + message) << text;
}

TEST(Template, TakesDelimitersOfItsOwn) {
  EXPECT_EQ(rendered("{{=<% %>=}}<%#services%><%name%> {{range .X}} <%/services%>"),
            "web {{range .X}} queue {{range .X}} ");
}

TEST(Template, SurvivesEveryCut) {
  const std::string text = "{{=| |=}}|#services||name||={{ }}=|{{{name}}}{{&name}}{{/services}}{{>x}}{{!y}}";
  for (std::size_t length = 0; length <= text.size(); ++length) (void)rendered(text.substr(0, length));
}

}  // namespace
}  // namespace synapse
