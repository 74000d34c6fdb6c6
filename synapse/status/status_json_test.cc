#include "synapse/status/status_json.h"

#include <gtest/gtest.h>

#include "synapse/status/status_case.h"

namespace synapse {
namespace {

ServiceStatus status() {
  ServiceFacts facts;
  facts.place = {"web",           "web_1",    "haproxy", "/run/h.cfg", "zookeeper", "zk:2181 /services/web",
                 "/services/web", {"zk:2181"}};
  facts.ready = facts.known = true;
  facts.age = std::chrono::seconds(3);
  auto server = routed_server("a");
  server.labels = {{"az", "x"}};
  server.options = {"backup"};
  server.created_ms = 1'769'860'800'123;
  facts.routed.servers = {server};
  facts.routed.available = 1;
  facts.routed.left_out = {{"x", LeftOutBecause::invalid, "no \xff port"}};
  facts.output.present = {{.name = "a", .address = "10.0.0.1", .port = 80, .weight = 4}};
  facts.output.wanted = {{.name = "a", .address = "10.0.0.1", .port = 80, .weight = 5}};
  return status_of(std::move(facts), History(), at(0));
}

const std::string kHead =
    R"({"service":"web","router":{"type":"haproxy","place":"/run/h.cfg"},"state":"pending","proxy":"web_1",)"
    R"("source":{"type":"zookeeper","words":"zk:2181 /services/web","path":"/services/web","hosts":["zk:2181"]},"ready":true,"known":true,)"
    R"("stale":false,"kept":false,"defaulted":false,"held":0,"ageSeconds":3,"trouble":"the output is not as it should be","unknown":"",)"
    R"("available":1,"unavailable":0,"wanted":1,"inService":1,"differences":1,"waiting":[])";

TEST(StatusJson, TellsOfAService) {
  EXPECT_EQ(json_of({status()}, false), "[" + kHead + "}]\n");
  EXPECT_EQ(
      json_of(status()),
      kHead +
          R"(,"servers":[{"name":"a","in":true,"kind":"in","why":"ready with weight 4","wanted":{)"
          R"("record":"a_node","host":"10.0.0.1","port":80,"weight":5,"available":true,"unavailableReason":"",)"
          R"("labels":{"az":"x"},"options":["backup"],"backup":false,"default":false,"registered":"2026-01-31T12:00:00.123Z"},)"
          R"("has":{"address":"10.0.0.1","port":80,"weight":4,"state":"ready","note":""}}],)"
          R"("leftOut":[{"name":"","record":"x","address":"","weight":null,"since":null,"in":false,)"
          "\"kind\":\"invalid\",\"why\":\"no \xEF\xBF\xBD port\"}],\"gone\":[]}\n");
}

TEST(StatusJson, TellsOfDifferencesOnlyWhereThereAreSome) {
  auto equal = status();
  equal.differences.clear();
  EXPECT_EQ(differences_json({equal}), "[]\n");
  EXPECT_EQ(differences_json({equal, status()}),
            R"([{"service":"web","router":{"type":"haproxy","place":"/run/h.cfg"},"unknown":"","differences":[)"
            R"({"server":"a","what":"weight","wanted":"5","has":"4","why":""}],"waiting":[]}])"
            "\n");
  equal.unknown = "HAProxy is away";
  EXPECT_NE(differences_json({equal}).find("HAProxy is away"), std::string::npos);
}

TEST(StatusJson, TellsTheRest) {
  EXPECT_EQ(readiness_json({}), "{\"ready\":true,\"missing\":[]}\n");
  EXPECT_EQ(readiness_json({{"web", "haproxy", "away"}}),
            R"({"ready":false,"missing":[{"service":"web","router":"haproxy","why":"away"}]})"
            "\n");
  EXPECT_EQ(json_of(Health{{"stuck"}, 0.12345, 7}),
            R"({"healthy":false,"problems":["stuck"],"loopLateMs":0.123,"loopWorstLateMs":7.0})"
            "\n");
  EXPECT_EQ(json_of(std::vector<Explained>{{status().place, explain(status(), "x", at(0), at(0))}}),
            R"([{"service":"web","router":{"type":"haproxy","place":"/run/h.cfg"},"server":"x","record":"x",)"
            "\"address\":\"\",\"in\":false,\"kind\":\"invalid\",\"why\":\"no \xEF\xBF\xBD port\"}]\n");
}

}  // namespace
}  // namespace synapse
