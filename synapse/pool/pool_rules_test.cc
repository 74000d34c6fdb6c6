// What the configuration of a service does to its servers: filters, port, defaults, near and far, and what is unfit.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/pool/pool.h"
#include "synapse/pool/pool_case.h"

namespace synapse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Condition = LabelFilter::Condition;

Record labelled(Record record, const Labels& labels) {
  record.registration->labels = labels;
  return record;
}

Record on_socket(const std::string& name, const std::string& path) {
  common::Registration registration;
  registration.name = name;
  return {.child = name, .registration = registration, .socket = path};
}

Pool pool_with(PoolRules rules, PoolOrder order = PoolOrder::name) {
  PoolOptions options;
  options.order = order;
  options.rules = std::move(rules);
  return Pool(std::move(options));
}

// "name options..." of each server, "+backup" behind the far ones.
std::vector<std::string> lines(const Routed& routed) {
  std::vector<std::string> result;
  for (const auto& server : routed.servers) {
    result.push_back(server.name);
    for (const auto& word : server.options) result.back() += " " + word;
    if (server.backup) result.back() += " +backup";
  }
  return result;
}

PoolRules only_az_a() {
  PoolRules rules;
  rules.label_filters = {{"az", Condition::one_of, {"a"}}};
  return rules;
}

PoolRules at_most(std::size_t servers) {
  PoolRules rules;
  rules.max_servers = servers;
  return rules;
}

TEST(MaxServers, LeavesOutThoseThatCameLast) {
  auto pool = pool_with(at_most(2));
  const auto old = record("z", "10.0.0.1", 80, 1);
  const auto second = record("y", "10.0.0.2", 80, 2);
  pool.update({record("a", "10.0.0.3", 80, 4), second, record("b", "10.0.0.4", 80, 3), old});
  EXPECT_THAT(names(pool.routed()), ElementsAre("y", "z"));
  EXPECT_EQ(pool.routed().available, 2);
  EXPECT_EQ(pool.routed().excess, 2u);
  ASSERT_EQ(pool.routed().left_out.size(), 2u);
  EXPECT_EQ(pool.routed().left_out[0].because, LeftOutBecause::excess);
  EXPECT_EQ(pool.routed().left_out[0].reason,
            "one of 4 servers, and maxServers is 2: those that are available and the oldest are routed");
  pool.update({second, old});
  EXPECT_EQ(pool.routed().excess, 0u);
  EXPECT_THAT(pool.routed().left_out, IsEmpty());
}

TEST(MaxServers, LetsAvailableServersIn) {
  auto pool = pool_with(at_most(2));
  pool.update({unavailable(record("a", "10.0.0.1", 80, 1)), unavailable(record("b", "10.0.0.2", 80, 2)),
               record("c", "10.0.0.3", 80, 3)});
  EXPECT_THAT(names(pool.routed()), ElementsAre("a", "c"));
}

TEST(MaxServers, CountsThoseThatPassTheFiltersOnly) {
  auto rules = only_az_a();
  rules.max_servers = 1;
  auto pool = pool_with(rules);
  pool.update({record("b", "10.0.0.2", 80, 1), labelled(record("a", "10.0.0.1", 80, 2), {{"az", "a"}})});
  EXPECT_THAT(names(pool.routed()), ElementsAre("a"));
  EXPECT_EQ(pool.routed().excess, 0u);
}

TEST(LeftOutRecords, AreListedUpToTenThousand) {
  auto pool = pool_with({});
  std::vector<Record> records = {record("a", "10.0.0.1", 80)};
  for (int i = 0; i < 12'000; ++i) records.push_back(bad("bad" + std::to_string(i), "no"));
  pool.update(records);
  EXPECT_EQ(pool.routed().left_out.size(), 10'000u);
  EXPECT_THAT(names(pool.routed()), ElementsAre("a"));
}

TEST(PoolFilters, LeaveOutWhatTheConfigurationDoesNotWant) {
  auto rules = only_az_a();
  rules.label_filters.push_back({"canary", Condition::none_of, {"yes"}});
  auto pool = pool_with(rules);
  pool.update({labelled(record("a", "10.0.0.1", 80), {{"az", "a"}}),
               labelled(record("b", "10.0.0.2", 80), {{"az", "b"}}), record("c", "10.0.0.3", 80),
               labelled(record("d", "10.0.0.4", 80), {{"az", "a"}, {"canary", "yes"}}),
               unavailable(labelled(record("e", "10.0.0.5", 80), {{"az", "a"}}))});
  EXPECT_THAT(names(pool.routed()), ElementsAre("a", "e"));
  EXPECT_THAT(
      pool.routed().left_out,
      ElementsAre(
          LeftOut{"b_10.0.0.2_80_1000", LeftOutBecause::filtered, "label \"az\" is \"b\"", "b", "10.0.0.2", 80},
          LeftOut{"c_10.0.0.3_80_1000", LeftOutBecause::filtered, "has no label \"az\"", "c", "10.0.0.3", 80},
          LeftOut{"d_10.0.0.4_80_1000", LeftOutBecause::filtered, "label \"canary\" is \"yes\"", "d", "10.0.0.4", 80}));
  EXPECT_EQ(pool.routed().available, 1);
  EXPECT_EQ(pool.routed().unavailable, 1);
}

TEST(PoolFilters, AreNoFaultOfTheRecord) {
  EXPECT_FALSE(is_fault(LeftOutBecause::filtered));
  EXPECT_FALSE(is_fault(LeftOutBecause::correlated));
  EXPECT_TRUE(is_fault(LeftOutBecause::unfit));
  EXPECT_TRUE(is_fault(LeftOutBecause::invalid));
  EXPECT_TRUE(is_fault(LeftOutBecause::duplicate));
}

TEST(PoolFilters, KeepNobodyWhoDoesNotPassAnyMore) {
  auto pool = pool_with(only_az_a());
  pool.update(
      {labelled(record("a", "10.0.0.1", 80), {{"az", "a"}}), labelled(record("b", "10.0.0.2", 80), {{"az", "a"}})});
  pool.update({labelled(record("a", "10.0.0.1", 80), {{"az", "b"}})});
  EXPECT_THAT(names(pool.routed()), ElementsAre("b"));
  EXPECT_TRUE(pool.routed().kept);
  EXPECT_FALSE(pool.routed().empty_on_purpose());
  pool.update({labelled(record("b", "10.0.0.2", 80), {{"az", "b"}})});
  EXPECT_THAT(names(pool.routed()), IsEmpty());
  EXPECT_FALSE(pool.routed().kept);
  EXPECT_TRUE(pool.routed().empty_on_purpose());
  pool.update({bad("b", "empty data")});
  EXPECT_FALSE(pool.routed().empty_on_purpose());
}

TEST(PoolPort, ReplacesThePortBeforeDuplicatesAreLookedFor) {
  PoolRules rules;
  rules.port_override = 443;
  auto pool = pool_with(rules, PoolOrder::date);
  pool.update({record("a", "10.0.0.1", 80, 1), record("a", "10.0.0.1", 81, 2), record("a", "10.0.0.2", 80, 3),
               record("none", "10.0.0.3", 0, 4), on_socket("u", "/run/u.sock")});
  EXPECT_THAT(shown(pool.routed()), ElementsAre("u@/run/u.sock:0 255", "a@10.0.0.1:443 255",
                                                "a_10.0.0.2_443@10.0.0.2:443 255", "none@10.0.0.3:443 255"));
  EXPECT_THAT(pool.routed().left_out,
              ElementsAre(LeftOut{"a_10.0.0.1_80_1", LeftOutBecause::duplicate,
                                  "same name and address as the newer \"a_10.0.0.1_81_2\"", "a", "10.0.0.1", 443}));
}

TEST(PoolPort, IsNeeded) {
  auto pool = pool_with({});
  pool.update({record("a", "10.0.0.1", 0), record("b", "10.0.0.2", 80)});
  EXPECT_THAT(names(pool.routed()), ElementsAre("b"));
  EXPECT_THAT(pool.routed().left_out,
              ElementsAre(LeftOut{"a_10.0.0.1_0_1000", LeftOutBecause::invalid,
                                  "has no port; portOverride can give it one", "a", "10.0.0.1", 0}));
}

TEST(PoolSockets, AreRoutedLikeOthers) {
  auto pool = pool_with({});
  pool.update({on_socket("a", "/run/a.sock"), on_socket("b", "/run/b.sock"), record("b", "10.0.0.1", 80)});
  EXPECT_THAT(shown(pool.routed()),
              ElementsAre("a@/run/a.sock:0 255", "b@/run/b.sock:0 255", "b_10.0.0.1_80@10.0.0.1:80 255"));
  EXPECT_TRUE(pool.routed().servers[0].on_socket());
  EXPECT_FALSE(pool.routed().servers[2].on_socket());
}

TEST(PoolSockets, HaveNamesFitForHaproxyEvenAsHomonyms) {
  auto pool = pool_with({}, PoolOrder::date);
  pool.update({on_socket("a", "/run/a.sock"), on_socket("a", "/run/b.sock")});
  EXPECT_THAT(names(pool.routed()), ElementsAre("a", "a_-run-b.sock_0"));
}

PoolRules with_defaults(bool keep) {
  PoolRules rules;
  rules.default_servers = {record("z", "10.0.9.2", 80, 0), record("y", "10.0.9.1", 80, 0)};
  rules.keep_default_servers = keep;
  return rules;
}

TEST(PoolDefaults, ServeWhenThereIsNobody) {
  auto pool = pool_with(with_defaults(false));
  EXPECT_THAT(pool.routed().servers, IsEmpty()) << "the source has not spoken";
  pool.update({});
  EXPECT_THAT(names(pool.routed()), ElementsAre("z", "y"));
  EXPECT_TRUE(pool.routed().defaulted);
  EXPECT_FALSE(pool.routed().kept);
  EXPECT_EQ(pool.routed().available, 0);
  EXPECT_TRUE(pool.routed().servers[0].is_default);
  pool.update({record("a", "10.0.0.1", 80)});
  EXPECT_THAT(names(pool.routed()), ElementsAre("a"));
  EXPECT_FALSE(pool.routed().defaulted);
}

TEST(PoolDefaults, GiveWayToServersThatVanished) {
  auto pool = pool_with(with_defaults(false));
  pool.update({record("a", "10.0.0.1", 80)});
  pool.update({});
  EXPECT_THAT(names(pool.routed()), ElementsAre("a"));
  EXPECT_TRUE(pool.routed().kept);
  EXPECT_FALSE(pool.routed().defaulted);
}

TEST(PoolDefaults, AreNotKeptAsIfTheyHadVanished) {
  auto pool = pool_with(with_defaults(false));
  pool.update({});
  pool.update({});
  EXPECT_FALSE(pool.routed().kept);
  EXPECT_THAT(names(pool.routed()), ElementsAre("z", "y"));
}

TEST(PoolDefaults, ServeWhenAllSayThatTheyAreNotAvailable) {
  auto pool = pool_with(with_defaults(false));
  pool.update({record("a", "10.0.0.1", 80), record("b", "10.0.0.2", 80)});
  pool.update({unavailable(record("a", "10.0.0.1", 80)), weighted(record("b", "10.0.0.2", 80), 0)});
  EXPECT_THAT(shown(pool.routed()),
              ElementsAre("!a@10.0.0.1:80 255", "!b@10.0.0.2:80 0", "z@10.0.9.2:80 255", "y@10.0.9.1:80 255"));
  EXPECT_TRUE(pool.routed().defaulted);
}

TEST(PoolDefaults, ServeWhenNobodyPassesTheFilters) {
  auto rules = only_az_a();
  rules.default_servers = {record("z", "10.0.9.2", 80, 0)};
  auto pool = pool_with(rules);
  pool.update({record("a", "10.0.0.1", 80)});
  EXPECT_THAT(names(pool.routed()), ElementsAre("z"));
}

TEST(PoolDefaults, MayStayBehindTheOthers) {
  auto pool = pool_with(with_defaults(true));
  pool.update({record("zz", "10.0.0.1", 80)});
  EXPECT_THAT(names(pool.routed()), ElementsAre("zz", "z", "y"));
  EXPECT_FALSE(pool.routed().defaulted);
  pool.update({});
  EXPECT_THAT(names(pool.routed()), ElementsAre("zz", "z", "y"));
  EXPECT_TRUE(pool.routed().kept);
  EXPECT_FALSE(pool.routed().defaulted);
}

TEST(PoolDefaults, StandAsideForARecordOfTheSameAddressAndGiveUpTheirNames) {
  auto rules = with_defaults(true);
  rules.default_servers[1] = record("y", "10.0.9.1", 8080, 0);
  rules.port_override = 8080;
  auto pool = pool_with(rules);
  pool.update({unavailable(record("other", "10.0.9.1", 81)), record("z", "10.0.0.1", 81)});
  EXPECT_THAT(shown(pool.routed()),
              ElementsAre("!other@10.0.9.1:8080 255", "z@10.0.0.1:8080 255", "z_10.0.9.2_80@10.0.9.2:80 255"));
}

PoolRules near_a(std::optional<int> far_weight = std::nullopt) {
  PoolRules rules;
  rules.prefer = Preference{"az", "a", far_weight};
  return rules;
}

TEST(PoolPreference, PutsNearOnesFirstAndMakesTheOthersBackups) {
  auto pool = pool_with(near_a());
  pool.update({labelled(record("d", "10.0.0.1", 80), {{"az", "a"}}),
               labelled(with_options(record("b", "10.0.0.2", 80), "cookie backup"), {{"az", "b"}}),
               with_options(record("c", "10.0.0.3", 80), "check backup rise 2"),
               labelled(with_options(record("e", "10.0.0.4", 80), "backup"), {{"az", "a"}})});
  EXPECT_THAT(lines(pool.routed()),
              ElementsAre("d", "e backup", "b cookie backup +backup", "c check backup rise 2 +backup"));
  EXPECT_EQ(pool.routed().servers[0].weight, 255);
  EXPECT_EQ(pool.routed().servers[2].weight, 255);
  EXPECT_EQ(pool.first(), "d");
}

TEST(PoolPreference, MayGiveTheOthersASmallerWeight) {
  auto pool = pool_with(near_a(10));
  pool.update({labelled(record("n", "10.0.0.1", 80), {{"az", "a"}}), record("far", "10.0.0.2", 80),
               weighted(record("warm", "10.0.0.3", 80), 3), weighted(record("zero", "10.0.0.4", 80), 0)});
  EXPECT_THAT(shown(pool.routed()),
              ElementsAre("n@10.0.0.1:80 255", "far@10.0.0.2:80 10", "warm@10.0.0.3:80 3", "!zero@10.0.0.4:80 0"));
  EXPECT_THAT(lines(pool.routed()), ElementsAre("n", "far", "warm", "zero"));
}

TEST(PoolPreference, HoldsForKeptAndDefaultServers) {
  auto rules = near_a();
  rules.default_servers = {record("y", "10.0.9.1", 80, 0), labelled(record("z", "10.0.9.2", 80, 0), {{"az", "a"}})};
  rules.keep_default_servers = true;
  auto pool = pool_with(rules);
  const auto far = record("far", "10.0.0.1", 80);
  const auto near = labelled(record("near", "10.0.0.2", 80), {{"az", "a"}});
  pool.update({far, near});
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(lines(pool.routed()), ElementsAre("near", "z", "far +backup", "y +backup"));
    pool.update({});
  }
  EXPECT_TRUE(pool.routed().kept);
}

TEST(PoolPreference, IsThatOfTheNewConfigurationForInheritedServers) {
  auto before = pool_with(near_a(10));
  before.update(
      {labelled(record("a", "10.0.0.1", 80), {{"az", "a"}}), labelled(record("b", "10.0.0.2", 80), {{"az", "b"}})});
  PoolRules rules;
  rules.prefer = Preference{"az", "b", std::nullopt};
  auto pool = pool_with(rules);
  pool.inherit(before);
  pool.update({});
  EXPECT_THAT(lines(pool.routed()), ElementsAre("b", "a +backup"));
  EXPECT_EQ(pool.routed().servers[0].weight, 255);
  auto filtered = pool_with(only_az_a());
  filtered.inherit(pool);
  filtered.update({});
  EXPECT_THAT(lines(filtered.routed()), ElementsAre("a"));
}

TEST(PoolWeights, AServerOfWeightZeroDrains) {
  auto pool = pool_with({});
  pool.update({weighted(record("a", "10.0.0.1", 80), 0), weighted(unavailable(record("b", "10.0.0.2", 80)), 0),
               weighted(record("c", "10.0.0.3", 80), 256)});
  const auto& servers = pool.routed().servers;
  EXPECT_TRUE(servers[0].draining);
  EXPECT_FALSE(servers[0].available);
  EXPECT_FALSE(servers[1].draining);
  EXPECT_FALSE(servers[2].draining);
  EXPECT_TRUE(servers[2].available);
  EXPECT_EQ(pool.routed().available, 1);
}

TEST(PoolUnfit, LeavesOutWhatTheRouterCannotRoute) {
  PoolOptions options;
  options.order = PoolOrder::name;
  options.rules.default_servers = {record("z", "10.0.9.1", 80, 0), record("y", "10.0.9.2", 80, 0)};
  options.why_unfit = [](const RoutedServer& server) {
    return server.name == "a" || server.name == "z" ? std::optional<std::string>("is " + server.name) : std::nullopt;
  };
  Pool pool(options);
  pool.update({record("a", "10.0.0.1", 80), record("b", "10.0.0.2", 80)});
  EXPECT_THAT(names(pool.routed()), ElementsAre("b"));
  EXPECT_THAT(pool.routed().left_out,
              ElementsAre(LeftOut{"a_10.0.0.1_80_1000", LeftOutBecause::unfit, "is a", "a", "10.0.0.1", 80}));
  pool.update({unavailable(record("b", "10.0.0.2", 80))});
  EXPECT_THAT(names(pool.routed()), ElementsAre("b", "y"));
  EXPECT_THAT(pool.routed().left_out,
              ElementsAre(LeftOut{"z_10.0.9.1_80_0", LeftOutBecause::unfit, "is z", "z", "10.0.9.1", 80}));
}

TEST(PoolUnfit, KeepsTheLastServerAsItWasWhenItsRecordIsOfNoUseAnyMore) {
  PoolOptions options;
  options.order = PoolOrder::name;
  options.why_unfit = [](const RoutedServer& server) {
    return server.labels.empty() ? std::optional<std::string>("has no labels") : std::nullopt;
  };
  Pool pool(options);
  pool.update({labelled(record("a", "10.0.0.1", 80), {{"az", "a"}})});
  pool.update({record("a", "10.0.0.1", 80)});
  EXPECT_THAT(names(pool.routed()), ElementsAre("a"));
  EXPECT_TRUE(pool.routed().kept);
  EXPECT_EQ(pool.routed().left_out.size(), 1u);
  Pool other(options);
  other.update({record("a", "10.0.0.1", 80)});
  EXPECT_THAT(names(other.routed()), IsEmpty());
  EXPECT_FALSE(other.routed().empty_on_purpose());
}

}  // namespace
}  // namespace synapse
