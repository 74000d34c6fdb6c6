#include "synapse/output/file_router.h"

#include <sys/stat.h>

#include "synapse/output/router_case.h"

namespace synapse {
namespace {

TEST(BackendsJson, HasAirbnbsForm) {
  std::vector<RoutedServer> servers;
  servers.push_back({.name = "a_10.0.0.1_80",
                     .registered_name = "a",
                     .host = "10.0.0.1",
                     .port = 80,
                     .weight = 5,
                     .options = {"backup", "maxconn", "5"},
                     .labels = {{"az", "eu-1"}},
                     .child = "i-1234_0000000017"});
  servers.push_back({.name = "gone", .registered_name = "gone", .host = "10.0.0.2", .port = 80, .available = false});
  servers.push_back({.name = "b", .registered_name = "b", .host = "::1", .port = 81, .child = "b_host_81"});
  servers.push_back({.name = "c", .registered_name = "c", .host = "c", .port = 1, .child = "c_99999999999999999999"});
  EXPECT_EQ(backends_json(servers),
            R"([{"name":"a","host":"10.0.0.1","port":80,"id":17,"weight":5,)"
            R"("haproxy_server_options":"backup maxconn 5","labels":{"az":"eu-1"}},)"
            R"({"name":"b","host":"::1","port":81,"id":81,"weight":1,"haproxy_server_options":null,"labels":null},)"
            R"({"name":"c","host":"c","port":1,"id":null,"weight":1,"haproxy_server_options":null,"labels":null}])");
  EXPECT_EQ(backends_json({}), "[]");
}

class FileRouterTest : public RouterCase {
 protected:
  RouterConfig config(const std::vector<std::string>& services = {"web", "api"}) const {
    RouterConfig router{.type = "file", .services = {}, .kind = FileRouterConfig{path("out")}};
    for (const auto& name : services) router.services.push_back(ServiceConfig{.name = name});
    return router;
  }
  void update_all(FileRouter& router, const std::vector<std::string>& services) {
    for (const auto& service : services) router.update(service, servers({"a"}));
    for (const auto& service : services) EXPECT_TRUE(until([&] { return router.routed(service); })) << service;
  }
};

TEST_F(FileRouterTest, WritesEachServiceWhenItIsKnown) {
  FileRouter router(io_, config(), events_);
  start(router);
  router.update("api", servers({"a"}));
  EXPECT_TRUE(until([&] { return router.routed("api"); }));
  EXPECT_FALSE(router.routed("web"));
  EXPECT_EQ(on_disk("out/web.json"), "missing");
  EXPECT_EQ(router.output("web").unknown, "nothing has been written yet");
  EXPECT_EQ(router.output("api").unknown, "");
  EXPECT_EQ(router.output("api").present.size(), 1u);
  EXPECT_EQ(on_disk("out/api.json"), backends_json(servers({"a"}).servers));
  router.update("web", servers({}));
  EXPECT_TRUE(until([&] { return router.routed("web"); }));
  EXPECT_EQ(on_disk("out/web.json"), "[]");
  stop();
}

TEST_F(FileRouterTest, LeavesAFileAloneThatSaysTheSame) {
  const auto inode = [this] {
    struct stat status {};
    EXPECT_EQ(::stat(path("out/web.json").c_str(), &status), 0);
    return status.st_ino;
  };
  FileRouter first(io_, config(), events_);
  start(first);
  update_all(first, {"web", "api"});
  stop();
  const auto before = inode();
  FileRouter second(io_, config(), events_);
  start(second);
  update_all(second, {"web", "api"});
  second.update("web", servers({"a"}));
  settle();
  EXPECT_EQ(inode(), before);
  stop();
}

TEST_F(FileRouterTest, RemovesFilesOfServicesThatAreGoneAndNoOthers) {
  std::filesystem::create_directory(path("out"));
  put("out/mine.json", "[]");
  {
    FileRouter router(io_, config({"web", "api", "never"}), events_);
    start(router);
    update_all(router, {"web", "api"});
    stop();
  }
  put("out/never.json", "[]");  // of the service that was never known: nobody of ours wrote it
  EXPECT_EQ(on_disk("out/.synapse-files"), "api.json\nweb.json\n");
  FileRouter router(io_, config({"web"}), events_);
  start(router);
  EXPECT_TRUE(until([&] { return on_disk("out/api.json") == "missing"; }));
  update_all(router, {"web"});
  EXPECT_NE(on_disk("out/web.json"), "missing");
  EXPECT_EQ(on_disk("out/mine.json"), "[]");
  EXPECT_EQ(on_disk("out/never.json"), "[]");
  EXPECT_EQ(on_disk("out/.synapse-files"), "web.json\n");
  stop();
}

TEST_F(FileRouterTest, NothingOutsideOfItsDirectoryIsRemoved) {
  std::filesystem::create_directory(path("out"));
  put("x.json", "[]");
  put("out/.synapse-files", "../x.json\n/etc/x.json\nplain\n.json\n" + directory_ + "/x.json\n");
  FileRouter router(io_, config(), events_);
  start(router);
  update_all(router, {"web", "api"});
  EXPECT_EQ(on_disk("x.json"), "[]");
  EXPECT_EQ(on_disk("out/.synapse-files"), "api.json\nweb.json\n");
  stop();
}

TEST_F(FileRouterTest, TriesAgainWhatFailed) {
  put("out", "a file where the directory should be");
  FileRouter router(io_, config(), events_);
  start(router);
  router.update("web", servers({"a"}));
  router.update("api", servers({"a"}));
  EXPECT_TRUE(until([&] { return counted("synapse_router_update_failure{type=\"file\"} 1"); }));
  std::filesystem::remove(path("out"));
  EXPECT_TRUE(until([&] { return router.routed("web") && router.routed("api"); }));
  stop();
}

TEST_F(FileRouterTest, TakesANewConfiguration) {
  FileRouter router(io_, config({"web", "api"}), events_);
  start(router);
  update_all(router, {"web", "api"});
  router.reconfigure(config({"queue", "web"}));
  EXPECT_TRUE(until([&] { return on_disk("out/api.json") == "missing"; }));
  EXPECT_TRUE(router.routed("web"));
  EXPECT_FALSE(router.routed("queue"));
  EXPECT_FALSE(router.routed("api"));
  router.update("api", servers({"a"}));
  update_all(router, {"queue"});
  EXPECT_EQ(on_disk("out/.synapse-files"), "queue.json\nweb.json\n");
  stop();
}

// One that cannot be written does not hold up the others.
TEST_F(FileRouterTest, OneFileThatFailsIsOneFile) {
  std::filesystem::create_directories(path("out/web.json/x"));
  FileRouter router(io_, config(), events_);
  start(router);
  router.update("web", servers({"a"}));
  router.update("api", servers({"a"}));
  EXPECT_TRUE(until([&] { return router.routed("api"); }));
  EXPECT_FALSE(router.routed("web"));
  std::filesystem::remove_all(path("out/web.json"));
  EXPECT_TRUE(until([&] { return router.routed("web"); }));
  stop();
}

}  // namespace
}  // namespace synapse
