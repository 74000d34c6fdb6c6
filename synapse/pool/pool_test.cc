#include "synapse/pool/pool.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/pool/pool_case.h"

namespace synapse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> routed_names(const std::vector<Record>& records, PoolOrder order, std::uint64_t seed = 1) {
  auto pool = pool_in_order(order, seed);
  pool.update(records);
  return names(pool.routed());
}

TEST(Pool, RoutesNothingAtFirst) {
  const auto pool = pool_in_order(PoolOrder::name);
  EXPECT_THAT(pool.routed().servers, IsEmpty());
  EXPECT_FALSE(pool.routed().kept);
  EXPECT_EQ(pool.first(), std::nullopt);
}

TEST(Pool, CarriesWhatTheRecordSays) {
  auto entry = with_options(weighted(unavailable(record("a", "fe80::1", 80, 77)), 9), "check inter 2s");
  entry.registration->labels = {{"az", "x"}};
  entry.registration->unavailable_reason = "draining";
  entry.created_zxid = 78;
  auto pool = pool_in_order(PoolOrder::name);
  pool.update({entry});
  const auto& server = pool.routed().servers.at(0);
  EXPECT_EQ(server.name, "a");
  EXPECT_EQ(server.registered_name, "a");
  EXPECT_EQ(server.host, "fe80::1");
  EXPECT_EQ(server.port, 80);
  EXPECT_EQ(server.weight, 9);
  EXPECT_FALSE(server.available);
  EXPECT_EQ(server.unavailable_reason, "draining");
  EXPECT_THAT(server.options, ElementsAre("check", "inter", "2s"));
  EXPECT_EQ(server.labels.at("az"), "x");
  EXPECT_EQ(server.created_ms, 77);
  EXPECT_EQ(server.created_zxid, 78);
  EXPECT_EQ(server.child, entry.child);
}

TEST(Pool, TellsAvailableFromUnavailable) {
  auto pool = pool_in_order(PoolOrder::name);
  pool.update({record("a", "10.0.0.1", 80), unavailable(record("b", "10.0.0.2", 80)),
               weighted(record("c", "10.0.0.3", 80), 0), weighted(record("d", "10.0.0.4", 80), 256)});
  EXPECT_THAT(shown(pool.routed()),
              ElementsAre("a@10.0.0.1:80 255", "!b@10.0.0.2:80 255", "!c@10.0.0.3:80 0", "d@10.0.0.4:80 256"));
  EXPECT_EQ(pool.routed().available, 2);
  EXPECT_EQ(pool.routed().unavailable, 2);
}

TEST(Pool, GivesTheDefaultWeight) {
  PoolOptions options;
  options.default_weight = 100;
  Pool pool(options);
  pool.update({record("a", "10.0.0.1", 80)});
  EXPECT_EQ(pool.routed().servers.at(0).weight, 100);
}

TEST(Pool, SortsByName) {
  EXPECT_THAT(routed_names({record("b", "10.0.0.1", 80), record("a", "10.0.0.2", 80), record("c", "10.0.0.3", 80)},
                           PoolOrder::name),
              ElementsAre("a", "b", "c"));
}

TEST(Pool, SortsByDate) {
  auto late = record("a", "10.0.0.1", 80, 5);
  late.created_zxid = 9;
  EXPECT_THAT(routed_names({late, record("b", "10.0.0.2", 80, 5), record("c", "10.0.0.3", 80, 4)}, PoolOrder::date),
              ElementsAre("c", "b", "a"));
}

std::vector<Record> many(int count) {
  std::vector<Record> records;
  for (int i = 0; i < count; ++i) records.push_back(record("s" + std::to_string(i), "10.0.0.1", 1000 + i));
  return records;
}

TEST(Pool, RandomOrderIsStable) {
  const auto records = many(20);
  auto reversed = records;
  std::reverse(reversed.begin(), reversed.end());
  const auto order = routed_names(records, PoolOrder::random, 7);
  EXPECT_EQ(order, routed_names(reversed, PoolOrder::random, 7));
  EXPECT_NE(order, routed_names(records, PoolOrder::random, 8));
  EXPECT_NE(order, routed_names(records, PoolOrder::name));
}

// Also after a new version of this program, or of its compiler.
TEST(Pool, RandomOrderIsTheSameEverywhere) {
  EXPECT_THAT(routed_names(many(6), PoolOrder::random, 7), ElementsAre("s5", "s2", "s0", "s4", "s1", "s3"));
}

TEST(Pool, RandomOrderOfTheOthersDoesNotChangeWhenOneGoes) {
  auto records = many(20);
  auto order = routed_names(records, PoolOrder::random);
  records.erase(records.begin() + 5);
  std::erase(order, "s5");
  EXPECT_EQ(routed_names(records, PoolOrder::random), order);
}

TEST(Pool, RandomOrderIsFair) {
  int first = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) first += routed_names(many(4), PoolOrder::random, seed)[0] == "s0";
  EXPECT_GT(first, 200);
  EXPECT_LT(first, 300);
}

TEST(Pool, TheOlderOfTwoKeepsTheName) {
  auto pool = pool_in_order(PoolOrder::date);
  pool.update({record("web", "10.0.0.2", 80, 200), record("web", "10.0.0.1", 80, 100), record("web", "::1", 81, 300)});
  EXPECT_THAT(names(pool.routed()), ElementsAre("web", "web_10.0.0.2_80", "web_--1_81"));
  EXPECT_EQ(pool.routed().servers.at(0).host, "10.0.0.1");
  EXPECT_EQ(pool.routed().servers.at(1).registered_name, "web");
}

TEST(Pool, OfEqualAgeTheTransactionDecides) {
  auto first = record("web", "10.0.0.2", 80);
  auto second = record("web", "10.0.0.1", 80);
  first.created_zxid = 5;
  second.created_zxid = 6;
  EXPECT_THAT(routed_names({second, first}, PoolOrder::date), ElementsAre("web", "web_10.0.0.1_80"));
}

TEST(Pool, NamesStayUniqueWhateverIsRegistered) {
  // Somebody already has the name that the homonym would get.
  EXPECT_THAT(routed_names({record("web", "10.0.0.1", 80, 1), record("web", "10.0.0.2", 80, 2),
                            record("web_10.0.0.2_80", "10.0.0.3", 80, 3)},
                           PoolOrder::date),
              ElementsAre("web", "web_10.0.0.2_80_2", "web_10.0.0.2_80"));
}

TEST(Pool, NamesStayFitForHaproxy) {
  const std::string long_name(200, 'n');
  const std::string long_host = std::string(63, 'h') + "." + std::string(63, 'h') + "." + std::string(63, 'h') + ".x";
  const auto result = routed_names({record(long_name, "10.0.0.1", 80, 1), record(long_name, "10.0.0.2", 65535, 2),
                                    record(long_name, long_host, 80, 3), record(long_name, long_host + "y", 80, 4)},
                                   PoolOrder::date);
  ASSERT_EQ(result.size(), 4u);
  for (const auto& name : result) EXPECT_LE(name.size(), 200u);
  EXPECT_TRUE(result[1].ends_with("_10.0.0.2_65535")) << result[1];
  EXPECT_NE(result[2], result[3]);
}

TEST(Pool, KeepsTheNewestOfADuplicate) {
  auto pool = pool_in_order(PoolOrder::date);
  pool.update({weighted(record("web", "10.0.0.1", 80, 200), 7), weighted(record("web", "10.0.0.1", 80, 100), 5),
               weighted(record("web", "10.0.0.1", 80, 150), 6)});
  EXPECT_THAT(shown(pool.routed()), ElementsAre("web@10.0.0.1:80 7"));
  EXPECT_THAT(
      pool.routed().left_out,
      ElementsAre(LeftOut{"web_10.0.0.1_80_100", LeftOutBecause::duplicate,
                          "same name and address as the newer \"web_10.0.0.1_80_200\"", "web", "10.0.0.1", 80},
                  LeftOut{"web_10.0.0.1_80_150", LeftOutBecause::duplicate,
                          "same name and address as the newer \"web_10.0.0.1_80_200\"", "web", "10.0.0.1", 80}));
  EXPECT_EQ(pool.routed().available, 1);
}

TEST(Pool, LeavesBadRecordsOutAndServesTheOthers) {
  auto pool = pool_in_order(PoolOrder::name);
  pool.update({bad("z", "empty data"), record("a", "10.0.0.1", 80),
               with_options(record("b", "10.0.0.2", 80), "ca-file /etc/passwd"), bad("c", "not JSON")});
  EXPECT_THAT(names(pool.routed()), ElementsAre("a"));
  EXPECT_THAT(pool.routed().left_out, ElementsAre(LeftOut{"b_10.0.0.2_80_1000", LeftOutBecause::invalid,
                                                          "word \"ca-file\" is not allowed", "b", "10.0.0.2", 80},
                                                  LeftOut{"c", LeftOutBecause::invalid, "not JSON"},
                                                  LeftOut{"z", LeftOutBecause::invalid, "empty data"}));
}

TEST(Pool, TakesAnIdFromAllButTheOldest) {
  auto pool = pool_in_order(PoolOrder::date);
  pool.update({with_options(record("a", "10.0.0.1", 80, 1), "check id 5 backup"),
               with_options(record("b", "10.0.0.2", 80, 2), "check id 5 backup"),
               with_options(record("c", "10.0.0.3", 80, 3), "id 005"),
               with_options(record("d", "10.0.0.4", 80, 4), "cookie id id 6"),
               with_options(record("e", "10.0.0.5", 80, 5), "alpn cookie id 6 check"),
               with_options(record("f", "10.0.0.6", 80, 6), "alpn id cookie id")});
  std::vector<std::vector<std::string>> options;
  for (const auto& server : pool.routed().servers) options.push_back(server.options);
  EXPECT_THAT(options, ElementsAre(ElementsAre("check", "id", "5", "backup"), ElementsAre("check", "backup"), IsEmpty(),
                                   ElementsAre("cookie", "id", "id", "6"), ElementsAre("alpn", "cookie", "check"),
                                   ElementsAre("alpn", "id", "cookie", "id")));
}

TEST(Pool, AServerThatVanishesIsGone) {
  auto pool = pool_in_order(PoolOrder::name);
  pool.update({record("a", "10.0.0.1", 80), record("b", "10.0.0.2", 80)});
  pool.update({record("b", "10.0.0.2", 80)});
  EXPECT_THAT(names(pool.routed()), ElementsAre("b"));
  EXPECT_FALSE(pool.routed().kept);
}

TEST(Pool, KeepsTheLastAvailableServersWhenAllVanish) {
  auto pool = pool_in_order(PoolOrder::name);
  pool.update({record("a", "10.0.0.1", 80), unavailable(record("b", "10.0.0.2", 80)), record("c", "10.0.0.3", 80)});
  for (int i = 0; i < 2; ++i) {
    pool.update({});
    EXPECT_THAT(shown(pool.routed()), ElementsAre("a@10.0.0.1:80 255", "c@10.0.0.3:80 255"));
    EXPECT_TRUE(pool.routed().kept);
    EXPECT_EQ(pool.routed().available, 0);
    EXPECT_EQ(pool.routed().unavailable, 0);
  }
  EXPECT_EQ(pool.first(), "a");
}

TEST(Pool, KeepsWhatVanishedButTakesADrainingServerAtItsWord) {
  auto pool = pool_in_order(PoolOrder::name);
  pool.update({record("a", "10.0.0.1", 80), record("b", "10.0.0.2", 80)});
  pool.update({unavailable(record("a", "10.0.0.1", 80)), bad("b", "empty data"), bad("c", "empty data")});
  EXPECT_THAT(shown(pool.routed()), ElementsAre("!a@10.0.0.1:80 255", "b@10.0.0.2:80 255"));
  EXPECT_TRUE(pool.routed().kept);
  EXPECT_EQ(pool.routed().available, 0);
  EXPECT_EQ(pool.routed().unavailable, 1);
  EXPECT_EQ(pool.routed().left_out.size(), 2u);
}

TEST(Pool, KeepsAVanishedServerWhoseNamesakeDrains) {
  auto pool = pool_in_order(PoolOrder::name);
  pool.update({record("a", "10.0.0.1", 80), record("a", "10.0.0.2", 80)});
  pool.update({unavailable(record("a", "10.0.0.1", 80))});
  EXPECT_THAT(shown(pool.routed()), ElementsAre("!a@10.0.0.1:80 255", "a_10.0.0.2_80@10.0.0.2:80 255"));
  EXPECT_TRUE(pool.routed().kept);
}

TEST(Pool, KeepsNothingWhenAllSayThatTheyAreNotAvailable) {
  auto pool = pool_in_order(PoolOrder::name);
  pool.update({record("a", "10.0.0.1", 80), record("b", "10.0.0.2", 80)});
  pool.update({unavailable(record("a", "10.0.0.1", 80)), unavailable(record("b", "10.0.0.2", 80))});
  EXPECT_THAT(shown(pool.routed()), ElementsAre("!a@10.0.0.1:80 255", "!b@10.0.0.2:80 255"));
  EXPECT_FALSE(pool.routed().kept);
}

TEST(Pool, TakesTheRegistrysWordAgainWhenOneComesBack) {
  auto pool = pool_in_order(PoolOrder::name);
  pool.update({record("a", "10.0.0.1", 80), record("b", "10.0.0.2", 80)});
  pool.update({});
  pool.update({record("c", "10.0.0.3", 80)});
  EXPECT_THAT(names(pool.routed()), ElementsAre("c"));
  EXPECT_FALSE(pool.routed().kept);
}

TEST(Pool, HasNothingToKeepBeforeTheFirstAvailableServer) {
  auto pool = pool_in_order(PoolOrder::name);
  pool.update({unavailable(record("a", "10.0.0.1", 80))});
  EXPECT_THAT(shown(pool.routed()), ElementsAre("!a@10.0.0.1:80 255"));
  pool.update({unavailable(record("b", "10.0.0.2", 80))});
  EXPECT_THAT(shown(pool.routed()), ElementsAre("!b@10.0.0.2:80 255"));
  EXPECT_FALSE(pool.routed().kept);
  pool.update({});
  EXPECT_THAT(pool.routed().servers, IsEmpty());
  EXPECT_FALSE(pool.routed().kept);
}

TEST(Pool, ExcludesTheFirstServerOfAnotherService) {
  auto masters = pool_in_order(PoolOrder::date);
  masters.update({record("db2", "10.0.0.2", 80, 1), record("db1", "10.0.0.1", 80, 2)});
  auto slaves = pool_in_order(PoolOrder::name);
  slaves.update({record("db1", "10.0.0.1", 90), record("db2", "10.0.0.2", 90)});
  EXPECT_EQ(masters.first(), "db2");
  slaves.exclude(masters.first());
  EXPECT_THAT(names(slaves.routed()), ElementsAre("db1"));
  EXPECT_THAT(
      slaves.routed().left_out,
      ElementsAre(LeftOut{"db2_10.0.0.2_90_1000", LeftOutBecause::correlated,
                          "stands first in the service that this one is correlated with", "db2", "10.0.0.2", 90}));
  EXPECT_EQ(slaves.routed().available, 2);
  slaves.exclude("db1");
  EXPECT_THAT(names(slaves.routed()), ElementsAre("db2"));
  slaves.exclude(std::nullopt);
  EXPECT_THAT(names(slaves.routed()), ElementsAre("db1", "db2"));
  EXPECT_THAT(slaves.routed().left_out, IsEmpty());
}

TEST(Pool, ExclusionHoldsForLaterSnapshotsAndMayLeaveNothing) {
  auto pool = pool_in_order(PoolOrder::name);
  pool.exclude("a");
  pool.update({record("a", "10.0.0.1", 80)});
  EXPECT_THAT(pool.routed().servers, IsEmpty());
  EXPECT_FALSE(pool.routed().kept);
  EXPECT_EQ(pool.first(), "a");
  pool.update({record("a", "10.0.0.1", 80), record("b", "10.0.0.2", 80)});
  EXPECT_THAT(names(pool.routed()), ElementsAre("b"));
  pool.update({});
  EXPECT_THAT(names(pool.routed()), ElementsAre("b"));
  EXPECT_TRUE(pool.routed().kept);
}

TEST(Pool, ExcludesAllWithTheRegisteredName) {
  auto pool = pool_in_order(PoolOrder::date);
  pool.update({record("a", "10.0.0.1", 80, 1), record("a", "10.0.0.2", 80, 2), record("b", "10.0.0.3", 80, 3)});
  pool.exclude("a");
  EXPECT_THAT(names(pool.routed()), ElementsAre("b"));
}

TEST(Pool, GoesOnWithWhatItsPredecessorKnew) {
  auto before = pool_in_order(PoolOrder::name);
  before.update({record("a", "10.0.0.1", 80), record("b", "10.0.0.2", 80)});
  auto pool = pool_in_order(PoolOrder::date);
  pool.exclude("a");
  pool.inherit(before);
  EXPECT_THAT(names(pool.routed()), ElementsAre("b"));
  pool.exclude(std::nullopt);
  pool.update({});
  EXPECT_THAT(names(pool.routed()), testing::UnorderedElementsAre("a", "b"));
  EXPECT_TRUE(pool.routed().kept);
}

TEST(Pool, GivesEqualForEqual) {
  auto one = pool_in_order(PoolOrder::random, 3);
  auto two = pool_in_order(PoolOrder::random, 3);
  auto records = many(50);
  one.update(records);
  std::reverse(records.begin(), records.end());
  two.update({});
  two.update(records);
  EXPECT_EQ(one.routed(), two.routed());
}

}  // namespace
}  // namespace synapse
