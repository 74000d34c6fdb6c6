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

TEST(Shown, MasksPasswordsWithinTexts) {
  EXPECT_EQ(mask_secrets("amqp://nerve:hunter2@127.0.0.1:5672/"), "amqp://nerve:***@127.0.0.1:5672/");
  EXPECT_EQ(mask_secrets("http://a:p@ss@host/path"), "http://a:***@host/path");
  EXPECT_EQ(mask_secrets("root:hunter2@tcp(127.0.0.1:3306)/db?timeout=1s"),
            "root:***@tcp(127.0.0.1:3306)/db?timeout=1s");
  EXPECT_EQ(mask_secrets("host=db user=nerve password=hunter2 sslmode=disable"),
            "host=db user=nerve password=*** sslmode=disable");
  EXPECT_EQ(mask_secrets("--Password=hunter2"), "--Password=***");
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

TEST(Shown, MasksPasswordsInLinesOfHaproxy) {
  EXPECT_EQ(mask_secrets("user ann password $5$hash groups a"), "user ann password *** groups a");
  EXPECT_EQ(mask_secrets("  user ann  insecure-password  'a b'"), "  user ann  insecure-password  ***");
  EXPECT_EQ(mask_secrets("stats auth ann:secret"), "stats auth ann:***");
  EXPECT_EQ(mask_secrets("user ann"), "user ann");
  EXPECT_EQ(mask_secrets("user ann password "), "user ann password ");
  EXPECT_EQ(mask_secrets("stats auth realm"), "stats auth realm");
}

TEST(Shown, LeavesOtherTextsAlone) {
  for (const auto* text :
       {"http://127.0.0.1:80/a", "127.0.0.1:2181", "world:anyone:r", "bob@example.org", "http://host/path?x=1"}) {
    EXPECT_EQ(mask_secrets(text), text);
  }
}

}  // namespace
}  // namespace common
