#include "synapse/output/template_router.h"

#include <sys/stat.h>

#include "synapse/output/router_case.h"

namespace synapse {
namespace {

class TemplateRouterTest : public RouterCase {
 protected:
  RouterConfig config() const {
    TemplateRouterConfig mustache;
    mustache.destination_file = path("out");
    mustache.text = "{{#services}}{{name}}:{{#servers}} {{name}}{{/servers}}\n{{/services}}";
    return {
        .type = "template", .services = {ServiceConfig{.name = "web"}, ServiceConfig{.name = "api"}}, .kind = mustache};
  }
  // One line a call in the file `ran`; its content is what it leaves the destination with.
  RouterConfig with_command(const std::string& script) const {
    put("command", "#!/bin/sh\ncd " + directory_ + "\n" + script, 0755);
    auto router = config();
    auto& kind = std::get<TemplateRouterConfig>(router.kind);
    kind.command = {path("command")};
    kind.command_timeout = std::chrono::seconds(30);
    return router;
  }
};

TEST_F(TemplateRouterTest, WritesWhenEveryServiceIsKnown) {
  TemplateRouter router(io_, config(), events_);
  start(router);
  router.update("web", servers({"a", "b"}));
  settle();
  EXPECT_EQ(on_disk("out"), "missing");
  EXPECT_FALSE(router.routed("web"));
  EXPECT_EQ(router.output("web").unknown, "nothing has been written yet");
  EXPECT_EQ(router.output("web").wanted.size(), 2u);
  router.update("api", servers({}));
  EXPECT_TRUE(until([&] { return router.routed("web") && router.routed("api"); }));
  EXPECT_EQ(on_disk("out"), "web: a b\napi:\n");
  EXPECT_EQ(router.output("web").unknown, "");
  EXPECT_EQ(router.output("web").present, router.output("web").wanted);
  router.update("api", servers({"c"}));
  EXPECT_TRUE(until([&] { return on_disk("out") == "web: a b\napi: c\n"; }));
  stop();
}

TEST_F(TemplateRouterTest, GivesTheFileItsMode) {
  auto router_config = config();
  std::get<TemplateRouterConfig>(router_config.kind).destination_mode = 0600;
  put("out", "web: a\napi:\n", 0644);
  TemplateRouter router(io_, router_config, events_);
  start(router);
  router.update("web", servers({"a"}));
  router.update("api", servers({}));
  EXPECT_TRUE(until([&] { return router.routed("web"); }));
  struct stat status {};
  ASSERT_EQ(::stat(path("out").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  stop();
}

TEST_F(TemplateRouterTest, RunsTheCommandOnlyWhenTheFileHasChanged) {
  put("out", "web: a\napi:\n");
  const auto router_config = with_command("cat out >>ran\n");
  TemplateRouter router(io_, router_config, events_);
  start(router);
  router.update("web", servers({"a"}));
  router.update("api", servers({}));
  EXPECT_TRUE(until([&] { return router.routed("web"); }));
  EXPECT_EQ(on_disk("ran"), "missing");  // an earlier life wrote the same
  router.update("web", servers({"b"}));
  EXPECT_TRUE(until([&] { return on_disk("ran") == "web: b\napi:\n"; }));
  router.update("web", servers({"b"}));
  settle();
  EXPECT_EQ(on_disk("ran"), "web: b\napi:\n");
  stop();
}

TEST_F(TemplateRouterTest, TriesACommandAgainThatFailed) {
  const auto router_config = with_command("echo x >>ran\n[ -e fixed ]\n");
  TemplateRouter router(io_, router_config, events_);
  start(router);
  router.update("web", servers({"a"}));
  router.update("api", servers({}));
  EXPECT_TRUE(until([&] { return counted("synapse_router_update_failure{type=\"template\"} 1"); }));
  EXPECT_FALSE(router.routed("web"));
  put("fixed", "");
  EXPECT_TRUE(until([&] { return router.routed("web"); }));
  EXPECT_EQ(on_disk("ran").substr(0, 4), "x\nx\n");
  EXPECT_EQ(on_disk("out"), "web: a\napi:\n");
  stop();
}

// The file is as it should be by then, but whoever reads it was not told.
TEST_F(TemplateRouterTest, TheNextRunTriesACommandAgainThatFailed) {
  const auto router_config = with_command("echo x >>ran\n[ -e fixed ]\n");
  {
    TemplateRouter router(io_, router_config, events_);
    start(router);
    router.update("web", servers({"a"}));
    router.update("api", servers({}));
    EXPECT_TRUE(until([&] { return counted("synapse_router_update_failure{type=\"template\"} 1"); }));
    stop();
  }
  EXPECT_EQ(on_disk("out.command-due"), "");
  put("fixed", "");
  std::filesystem::remove(path("ran"));
  for (int run = 0; run < 2; ++run) {
    TemplateRouter router(io_, router_config, events_);
    start(router);
    router.update("web", servers({"a"}));
    router.update("api", servers({}));
    EXPECT_TRUE(until([&] { return router.routed("web"); }));
    stop();
  }
  EXPECT_EQ(on_disk("ran"), "x\n") << "and not once more when it has succeeded";
  EXPECT_EQ(on_disk("out.command-due"), "missing");
}

TEST_F(TemplateRouterTest, ACommandThatHangsIsEndedAndTriedAgain) {
  auto router_config = with_command("echo x >>ran\n[ -e fixed ] || exec sleep 60\n");
  std::get<TemplateRouterConfig>(router_config.kind).command_timeout = std::chrono::milliseconds(500);
  TemplateRouter router(io_, router_config, events_);
  start(router);
  router.update("web", servers({"a"}));
  router.update("api", servers({}));
  EXPECT_TRUE(until([&] { return counted("synapse_router_update_failure{type=\"template\"} 1"); }));
  put("fixed", "");
  EXPECT_TRUE(until([&] { return router.routed("web"); }));
  stop();
}

TEST_F(TemplateRouterTest, TakesANewConfiguration) {
  TemplateRouter router(io_, config(), events_);
  start(router);
  router.update("web", servers({"a"}));
  router.update("api", servers({"b"}));
  EXPECT_TRUE(until([&] { return router.routed("web"); }));
  auto fresh = with_command("cat out >>ran\n");
  std::get<TemplateRouterConfig>(fresh.kind).text =
      "{{#services}}<{{name}}>{{#servers}}{{name}}{{/servers}}{{/services}}";
  fresh.services = {ServiceConfig{.name = "queue"}, ServiceConfig{.name = "web"}};
  router.reconfigure(fresh);
  settle();
  EXPECT_EQ(on_disk("out"), "web: a\napi: b\n");  // nothing is known of the new service yet
  EXPECT_TRUE(router.routed("web"));
  router.update("queue", servers({"c"}));
  EXPECT_TRUE(until([&] { return router.routed("queue"); }));
  EXPECT_EQ(on_disk("out"), "<queue>c<web>a");
  EXPECT_EQ(on_disk("ran"), "<queue>c<web>a");
  stop();
}

TEST_F(TemplateRouterTest, TriesAWriteAgainThatFailed) {
  auto router_config = config();
  std::get<TemplateRouterConfig>(router_config.kind).destination_file = path("later/out");
  TemplateRouter router(io_, router_config, events_);
  start(router);
  router.update("web", servers({"a"}));
  router.update("api", servers({}));
  EXPECT_TRUE(until([&] { return counted("synapse_router_update_failure{type=\"template\"} 1"); }));
  EXPECT_FALSE(router.routed("web"));
  std::filesystem::create_directory(path("later"));
  EXPECT_TRUE(until([&] { return router.routed("web"); }));
  EXPECT_EQ(on_disk("later/out"), "web: a\napi:\n");
  stop();
}

}  // namespace
}  // namespace synapse
