#include "common/config/shown.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace common {
namespace {

Document document(std::string_view text) {
  return Document::parse(text, "c.yml").value();
}

TEST(Shown, IsTheDocumentAsJson) {
  EXPECT_EQ(shown(document("port: 80\nname: web\non: true\nzip: '012'\nlist: [1, a]\nempty:\n"), {}), R"({
 "port": 80,
 "name": "web",
 "on": true,
 "zip": "012",
 "list": [
  1,
  "a"
 ],
 "empty": null
}
)");
}

TEST(Shown, AppendsTheServicesOfOtherFiles) {
  EXPECT_EQ(shown(document("Services: [{port: 1}]"), {{{"services"}, {document("port: 2")}}}),
            "{\n \"Services\": [\n  {\n   \"port\": 1\n  },\n  {\n   \"port\": 2\n  }\n ]\n}\n");
  EXPECT_EQ(shown(document("logLevel: info"), {{{"services"}, {document("port: 2")}}}),
            "{\n \"logLevel\": \"info\",\n \"services\": [\n  {\n   \"port\": 2\n  }\n ]\n}\n");
}

TEST(Shown, MasksWhatItsKeyCallsASecret) {
  const auto text =
      shown(document("password: hunter2\nproxyPassword: hunter2\nheaders: {Authorization: Bearer hunter2}\n"
                     "passwordFile: /run/secrets/db\nsecret: {a: hunter2}\npasswd:\n"),
            {});
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
  EXPECT_NE(text.find("/run/secrets/db"), std::string::npos) << text;
}

// What is shown must not hold the secret, but all of what is wanted.
void expect_masked(std::string_view text, const std::vector<std::string>& wanted = {}) {
  const auto result = shown(document(text), {});
  EXPECT_EQ(result.find("hunter2"), std::string::npos) << result;
  for (const auto& part : wanted) EXPECT_NE(result.find(part), std::string::npos) << part << " in " << result;
}

TEST(Shown, MasksTheWholeEnvironmentButNoNames) {
  expect_masked("environment: {PW: hunter2, DSN: 'x hunter2', N: 5}", {"\"PW\": \"***\"", "\"N\": \"***\""});
}

TEST(Shown, MasksBodiesAndQueries) {
  expect_masked("body: 'a hunter2'", {"\"body\": \"***\""});
  expect_masked("path: /x?q=hunter2", {"\"/x?***\""});
  expect_masked("urls: ['http://h:1/a?token=hunter2', 'h/b?q=hunter2', 'http://u:hunter2@h/c']",
                {"http://h:1/a?***", "h/b?***", "http://u:***@h/c"});
  expect_masked("path: /services/web", {"/services/web"});
}

TEST(Shown, MasksHeadersThatAreNotKnownToBeHarmless) {
  expect_masked(
      "headers: {X-Auth: hunter2, X-Api-Key: hunter2, X-Pin: 5, Host: a.test, user-agent: nerve, Accept: '*/*'}",
      {"\"X-Auth\": \"***\"", "\"X-Pin\": \"***\"", "a.test", "\"nerve\"", "*/*"});
}

TEST(Shown, MasksCommands) {
  expect_masked("command: [redis-cli, -a, hunter2, ping]", {"redis-cli", "-a"});
  expect_masked("preAvailableCommand: [c, --token, hunter2]", {"--token"});
  expect_masked("reloadCommand: [sh, -c, 'reload --password hunter2 now']", {"\"sh\"", "\"-c\""});
  expect_masked("command: [/usr/bin/check, hunter2, --as=hunter2, -xhunter2, --all]",
                {"/usr/bin/check", "\"--as=***\"", "\"-x***\"", "--all"});
  expect_masked("command: mysql -phunter2", {"mysql -p***"});
}

TEST(Shown, MasksLabelsWithTellingNames) {
  expect_masked("labels: {api_key: hunter2, az: b}", {"\"az\": \"b\""});
}

TEST(Shown, MasksWhatHaproxyKeepsSecret) {
  expect_masked(
      "routers: [{global: ['stats socket /s', setenv PW hunter2], listen: {stats: ['stats auth a:hunter2', "
      "stats enable]}, services: [{routerOptions: ['http-request set-header Authorization \"Basic hunter2\"'],"
      " serverOptions: check}]}]",
      {"stats socket /s", "setenv PW ***", "stats auth ***", "stats enable",
       "http-request set-header Authorization ***", "\"check\""});
  expect_masked(
      "routers: [{extraSections: {userlist us: [user ann insecure-password hunter2]}, sharedFrontend: [bind :80], "
      "services: [{sharedFrontend: [http-request set-header Authorization hunter2]}]}]",
      {"user ann insecure-password ***", "bind :80", "http-request set-header Authorization ***"});
}

TEST(Shown, PutsFilesIntoTheListsThatTheyBelongTo) {
  const auto root = document("Routers: [{type: a}, {type: b, services: [{name: x}]}]");
  const auto text = shown(root, {{{"routers", "0", "services"}, {document("name: y")}},
                                 {{"routers", "1", "services"}, {document("name: z")}},
                                 {{"routers", "7", "services"}, {document("name: lost")}}});
  EXPECT_EQ(nlohmann::json::parse(text),
            nlohmann::json::parse(R"({"Routers": [{"type": "a", "services": [{"name": "y"}]},
                                                  {"type": "b", "services": [{"name": "x"}, {"name": "z"}]}]})"));
}

TEST(Shown, MasksAnyPasswordOfADatasource) {
  const auto masked = [](const std::string& datasource) {
    const auto text = shown(document("datasource: \"" + datasource + "\""), {});
    return text.substr(18, text.size() - 22);  // without {"datasource": "..."}
  };
  EXPECT_EQ(masked("root:h u:n/t@er2@tcp(h:1)/db"), "root:***@tcp(h:1)/db");
  EXPECT_EQ(masked("amqp://a:hunt'er 2@h/"), "amqp://a:***@h/");
  EXPECT_EQ(masked("user=a password = 'hunt er\\\\'2' dbname=b"), "user=a password = *** dbname=b");
  EXPECT_EQ(masked("password=hunt\\\\ er2 dbname=b"), "password=*** dbname=b");
  EXPECT_EQ(masked("{{.Username}}:{{.Password}}@tcp([{{.Host}}]:1)/"),
            "{{.Username}}:{{.Password}}@tcp([{{.Host}}]:1)/");
  EXPECT_EQ(masked("root@unix(/a/b)/"), "root@unix(/a/b)/");
}

}  // namespace
}  // namespace common
