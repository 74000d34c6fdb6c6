// The routers that write files.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/config.h"

namespace synapse {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

ParsedConfig parse(const std::string& text) {
  ParseOptions options;
  options.strict = true;
  options.read_file = [](const std::string& path) -> common::Result<std::string> {
    if (path == "/good.mustache") return std::string("{{#services}}{{name}}{{/services}}\n");
    if (path == "/bad.mustache") return std::string("\n{{#services}}\n");
    return common::fail("cannot open " + path + ": No such file or directory");
  };
  return parse_config(text, "s.yml", options);
}

std::string router(const std::string& type, const std::string& keys) {
  return "routers:\n- services: [{watcher: {type: zookeeper, hosts: [zk1], path: /services/web}}]\n  type: " + type +
         "\n" + keys;
}

RouterConfig good(const std::string& type, const std::string& keys) {
  auto parsed = parse(router(type, keys));
  EXPECT_THAT(parsed.diagnostics.errors, IsEmpty());
  return parsed.config ? parsed.config->routers.at(0) : RouterConfig();
}

std::vector<std::string> errors(const std::string& type, const std::string& keys) {
  const auto parsed = parse(router(type, keys));
  EXPECT_FALSE(parsed.config);
  return parsed.diagnostics.errors;
}

TEST(ConfigOutputs, ReadsATemplateRouter) {
  const auto all = good("template",
                        "  destinationFile: /etc/x.conf\n  destinationFileMode: 0600\n"
                        "  template: |\n    {{#services}}\n    {{name}}\n    {{/services}}\n"
                        "  postTemplateCommand: [systemctl, reload, x]\n  postTemplateCommandTimeoutInMilli: 5000\n");
  TemplateRouterConfig expected;
  expected.destination_file = "/etc/x.conf";
  expected.destination_mode = 0600;
  expected.text = "{{#services}}\n{{name}}\n{{/services}}\n";
  expected.command = {"systemctl", "reload", "x"};
  expected.command_timeout = milliseconds(5000);
  EXPECT_EQ(std::get<TemplateRouterConfig>(all.kind), expected);

  const auto smallest = good("template", "  destinationFile: /etc/x.conf\n  templateFile: /good.mustache\n");
  expected = {};
  expected.destination_file = "/etc/x.conf";
  expected.destination_mode = 0644;
  expected.file = "/good.mustache";
  expected.text = "{{#services}}{{name}}{{/services}}\n";
  expected.command_timeout = milliseconds(2000);
  EXPECT_EQ(std::get<TemplateRouterConfig>(smallest.kind), expected);
}

TEST(ConfigOutputs, ATemplateIsFoundFromTheFileThatNamesIt) {
  std::vector<std::string> asked;
  ParseOptions options;
  options.read_file = [&asked](const std::string& path) -> common::Result<std::string> {
    asked.push_back(path);
    return std::string();
  };
  const auto text = router("template", "  destinationFile: /x\n  templateFile: templates/x.mustache\n");
  const auto parsed = parse_config(text, "/etc/synapse/s.yml", options);
  ASSERT_TRUE(parsed.config);
  EXPECT_THAT(asked, ElementsAre("/etc/synapse/templates/x.mustache"));
  EXPECT_EQ(std::get<TemplateRouterConfig>(parsed.config->routers[0].kind).file, asked[0]);
}

TEST(ConfigOutputs, ATemplateIsPartOfWhatHasChanged) {
  const auto fingerprint = [](const std::string& content) {
    ParseOptions options;
    options.read_file = [&](const std::string&) -> common::Result<std::string> { return content; };
    return parse_config(router("template", "  destinationFile: /x\n  templateFile: /t\n"), "s.yml", options)
        .fingerprint;
  };
  EXPECT_EQ(fingerprint("a"), fingerprint("a"));
  EXPECT_NE(fingerprint("a"), fingerprint("b"));
}

TEST(ConfigOutputs, SaysWhatIsWrongWithATemplateRouter) {
  const std::string to = "  destinationFile: /x\n";
  EXPECT_THAT(errors("template", ""),
              ElementsAre("s.yml:2: routers[0].destinationFile: is missing",
                          "s.yml:2: routers[0].template: is missing; templateFile can name a file instead"));
  EXPECT_THAT(errors("template", "  destinationFile: x\n  template: ''\n"),
              ElementsAre("s.yml:4: routers[0].destinationFile: must be an absolute path, got \"x\""));
  EXPECT_THAT(errors("template", to + "  template: a\n  templateFile: b\n"),
              ElementsAre("s.yml:6: routers[0].templateFile: and template exclude each other; keep one of them"));
  EXPECT_THAT(errors("template", to + "  template: '{{#services}}'\n"),
              ElementsAre("s.yml:5: routers[0].template: line 1: Unclosed section \"services\""));
  EXPECT_THAT(errors("template", to + "  templateFile: /bad.mustache\n"),
              ElementsAre("s.yml:5: routers[0].templateFile: /bad.mustache: line 2: Unclosed section \"services\""));
  EXPECT_THAT(errors("template", to + "  templateFile: /none\n"),
              ElementsAre("s.yml:5: routers[0].templateFile: cannot open /none: No such file or directory"));
  for (const std::string mode : {"644", "420", "0888", "07777", "rw"}) {
    EXPECT_THAT(errors("template", to + "  template: a\n  destinationFileMode: " + mode + "\n"),
                ElementsAre("s.yml:6: routers[0].destinationFileMode: must be four octal digits such as 0644 (in JSON: "
                            "\"0644\"), got \"" +
                            mode + "\""));
  }
  EXPECT_THAT(errors("template", to + "  template: a\n  postTemplateCommand: ['']\n"
                                      "  postTemplateCommandTimeoutInMilli: 0\n"),
              ElementsAre("s.yml:6: routers[0].postTemplateCommand: must begin with a program",
                          "s.yml:7: routers[0].postTemplateCommandTimeoutInMilli: must be at least 1, got 0"));
}

TEST(ConfigOutputs, ReadsAFileRouter) {
  EXPECT_EQ(std::get<FileRouterConfig>(good("file", "  outputDirectory: /var/lib/services/\n").kind).output_directory,
            "/var/lib/services");
  EXPECT_THAT(errors("file", ""), ElementsAre("s.yml:2: routers[0].outputDirectory: is missing"));
  EXPECT_THAT(errors("file", "  outputDirectory: out\n"),
              ElementsAre("s.yml:4: routers[0].outputDirectory: must be an absolute path, got \"out\""));
}

TEST(ConfigOutputs, RefusesTwoRoutersThatWriteOneThing) {
  const auto two = [](const std::string& a, const std::string& b) {
    const std::string services = "services: [{watcher: {type: zookeeper, hosts: [zk1], path: /services/web}}]";
    return parse("routers:\n- {" + services + ", " + a + "}\n- {" + services + ", " + b + "}\n").diagnostics.errors;
  };
  const std::string file = "type: file, outputDirectory: /out";
  const std::string text = "type: template, template: a, destinationFile: /x";
  EXPECT_THAT(two(file, file), ElementsAre("s.yml:3: routers[1].outputDirectory: is that of routers[0], too: /out"));
  EXPECT_THAT(two(text, text), ElementsAre("s.yml:3: routers[1].destinationFile: is that of routers[0], too: /x"));
  EXPECT_THAT(two(text, "type: haproxy, configPath: /x"),
              ElementsAre("s.yml:3: routers[1].configPath: is that of routers[0], too: /x"));
}

}  // namespace
}  // namespace synapse
