#include "synapse/haproxy/proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse::haproxy {
namespace {

using testing::HasSubstr;
using testing::Not;

RouterConfig router_with(const std::string& service_keys) {
  const auto parsed = parse_config(R"(
routers:
  - type: haproxy
    services:
      - name: web
        watcher: {type: zookeeper, hosts: ["127.0.0.1:2181"], path: /services/web}
        port: 8080
)" + service_keys,
                                   "synapse.yml", {.runtime_dir = "/run/synapse"});
  for (const auto& error : parsed.diagnostics.errors) ADD_FAILURE() << error;
  return parsed.config->routers.at(0);
}

ServerSpec server_a() {
  return {.name = "a", .address = "10.0.0.1", .port = 80, .options = {"cookie", "old"}};
}

TEST(Proof, AStandInHasTheWordsOfANewService) {
  const auto text = text_to_prove(router_with("        serverOptions: cookie {{.Name}} check\n"), {}, 1);
  EXPECT_THAT(text, HasSubstr("backend web_1\n"));
  EXPECT_THAT(text, HasSubstr("server synapse-proof 127.0.0.1:1 weight 1 enabled cookie synapse-proof check\n"));
}

TEST(Proof, NobodyStandsInWhereTheWordsDependOnLabels) {
  const auto text = text_to_prove(router_with("        serverOptions: weight {{.Labels.weight}}\n"), {}, 1);
  EXPECT_THAT(text, HasSubstr("backend web_1\n"));
  EXPECT_THAT(text, Not(HasSubstr("synapse-proof")));
}

TEST(Proof, TheServersOfAServiceThatGoesOnAreThere) {
  const auto router = router_with("        serverOptions: check\n");
  const auto same = text_to_prove(router, {{"web", {.servers = {server_a()}, .same = true}}}, 1);
  EXPECT_THAT(same, HasSubstr("server a 10.0.0.1:80 weight 1 enabled cookie old\n"));
  EXPECT_THAT(same, Not(HasSubstr("synapse-proof")));
  const auto changed = text_to_prove(router, {{"web", {.servers = {server_a()}}}}, 1);
  EXPECT_THAT(changed, HasSubstr("server a 10.0.0.1:80 weight 1 enabled\n")) << "the old words are of no interest";
  EXPECT_THAT(changed, HasSubstr("server synapse-proof 127.0.0.1:1 weight 1 enabled check\n"));
}

TEST(Proof, AServiceThatIsNotDeclaredYetIsNotInIt) {
  const auto router = router_with("        declareEmpty: false\n");
  EXPECT_THAT(text_to_prove(router, {}, 1), Not(HasSubstr("web_1")));
  EXPECT_THAT(text_to_prove(router, {{"web", {.servers = {}, .ever_available = true}}}, 1),
              HasSubstr("backend web_1\n"));
}

}  // namespace
}  // namespace synapse::haproxy
