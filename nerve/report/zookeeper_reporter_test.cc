#include "nerve/report/zookeeper_reporter.h"

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/zookeeper/fake_zookeeper.h"

namespace nerve {
namespace {

using common::zookeeper::FakeZookeeper;
using std::chrono::milliseconds;

class ZookeeperReport : public testing::Test {
 protected:
  ZookeeperReport() {
    up.host = "127.0.0.1";
    up.port = 80;
    up.name = "web";
    down = up;
    down.available = false;
  }

  ZookeeperReporter& make(bool expose = false) {
    ZookeeperOptions options{"zk:2181", "/services/web"};
    options.expose_on_unavailable = expose;
    return make(options);
  }
  ZookeeperReporter& make(const ZookeeperOptions& options) {
    reporter.emplace(io, Sessions::Shared{zookeeper, holdings}, options, ReportSubject{"web_127.0.0.1_80", retry, up},
                     Reporter::Events{.on_taken = [this] { ++taken; },
                                      .on_failed = [this](const std::string& error) { errors.push_back(error); },
                                      .on_notice = [this](const std::string& what) { notices.push_back(what); },
                                      .on_looked =
                                          [this](const std::optional<common::Registration>& record) {
                                            EXPECT_FALSE(reporter->looking());
                                            looked.push_back(record);
                                          }});
    return *reporter;
  }

  // Runs until `reached`, or for some seconds at most.
  template <class Condition>
  void run_until(Condition reached) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!reached() && std::chrono::steady_clock::now() < end) io.run_one_for(milliseconds(100));
    ASSERT_TRUE(reached());
  }
  void report(const std::optional<common::Registration>& record, bool draining = false) {
    const int before = taken;
    reporter->report({record, draining});
    EXPECT_EQ(taken, before) << "not from within report()";
    run_until([&] { return taken == before + 1; });
  }
  std::optional<std::string> node() const {
    const auto found = zookeeper.nodes.find("/services/web/web_127.0.0.1_80");
    return found == zookeeper.nodes.end() ? std::nullopt : std::optional(found->second.data);
  }
  common::zookeeper::Stat node_stat() { return zookeeper.nodes["/services/web/web_127.0.0.1_80"].stat; }

  boost::asio::io_context io;
  milliseconds retry{60'000};  // longer than any stall: then no attempt fails in between
  FakeZookeeper zookeeper{io};
  Holdings holdings{zookeeper, {}, [] {}};
  std::optional<ZookeeperReporter> reporter;
  int taken = 0;
  std::vector<std::string> errors;
  std::vector<std::string> notices;
  std::vector<std::optional<common::Registration>> looked;
  common::Registration up;
  common::Registration down;
};

TEST_F(ZookeeperReport, TheNodeIsThereWhileTheServiceIsAvailable) {
  make();
  zookeeper.connect(7);
  report(up);
  EXPECT_EQ(node(), common::encode(up));
  report(down);
  EXPECT_EQ(node(), std::nullopt);
  report(up);
  EXPECT_EQ(node(), common::encode(up));
  report(std::nullopt);
  EXPECT_EQ(node(), std::nullopt);
  EXPECT_TRUE(reporter->settled());
  EXPECT_TRUE(errors.empty());
}

TEST_F(ZookeeperReport, TheNodeStaysWhenUnavailabilityIsExposed) {
  make(true);
  zookeeper.connect(7);
  report(down);
  EXPECT_EQ(node(), common::encode(down));
  report(std::nullopt);
  EXPECT_EQ(node(), std::nullopt);
}

TEST_F(ZookeeperReport, AReportThatChangesNothingInTheRegistryIsTakenToo) {
  make();
  zookeeper.connect(7);
  report(up);
  const auto before = node_stat();
  report(up);
  EXPECT_EQ(node_stat(), before);
  report(down);
  down.unavailable_reason = "another";
  report(down);
}

TEST_F(ZookeeperReport, FailsAgainAndAgainWhileNobodyAnswers) {
  retry = milliseconds(5);
  make();
  reporter->report({up});
  run_until([&] { return errors.size() == 2; });
  EXPECT_EQ(errors[1], "no acknowledgement from ZooKeeper zk:2181 within 5 ms");
  EXPECT_FALSE(reporter->settled());
  EXPECT_EQ(taken, 0);
  zookeeper.connect(7);
  run_until([&] { return taken == 1; });
  EXPECT_EQ(node(), common::encode(up));
}

TEST_F(ZookeeperReport, FailsAlsoWhenTheReportChangesFasterThanThat) {
  retry = milliseconds(5);
  make();
  for (int i = 0; i < 100 && errors.empty(); ++i) {
    up.weight = i;
    reporter->report({up});
    io.run_for(milliseconds(1));
  }
  EXPECT_FALSE(errors.empty());
}

TEST_F(ZookeeperReport, GivesTheReasonOfAFailedWrite) {
  retry = milliseconds(5);
  make();
  zookeeper.lose_requests = 2;
  zookeeper.connect(7);
  reporter->report({up});
  run_until([&] { return taken == 1; });
  ASSERT_GE(errors.size(), 2u);
  EXPECT_THAT(errors, testing::Contains("create /services/web/web_127.0.0.1_80: connection loss"));
}

TEST_F(ZookeeperReport, AMendingThatIsRefusedIsAFailureUntilItWorks) {
  retry = milliseconds(5);
  make();
  zookeeper.connect(7);
  report(up);
  errors.clear();
  zookeeper.denied = {"set /services/web/web_127.0.0.1_80"};
  zookeeper.other(common::zookeeper::SetOperation{"/services/web/web_127.0.0.1_80", "garbage"});
  run_until([&] { return errors.size() >= 2; });
  EXPECT_FALSE(reporter->settled());
  zookeeper.denied.clear();
  run_until([&] { return taken == 2; });
  EXPECT_EQ(node(), common::encode(up));
  EXPECT_TRUE(reporter->settled());
}

TEST_F(ZookeeperReport, ALostConnectionWhileNothingIsReportedIsNoFailure) {
  retry = milliseconds(5);
  make();
  zookeeper.connect(7);
  report(up);
  errors.clear();
  zookeeper.disconnect();
  io.run_for(milliseconds(20));
  EXPECT_TRUE(errors.empty());
  EXPECT_TRUE(reporter->settled());
}

TEST_F(ZookeeperReport, TellsOfANodeThatAnotherLifeLeft) {
  zookeeper.other(common::zookeeper::CreateOperation{"/services", "", false});
  zookeeper.other(common::zookeeper::CreateOperation{"/services/web", "", false});
  zookeeper.other(common::zookeeper::CreateOperation{"/services/web/web_127.0.0.1_80", "old", true}, 0x2a);
  make();
  zookeeper.connect(7);
  report(up);
  EXPECT_EQ(node(), common::encode(up));
  EXPECT_EQ(node_stat().owner, 7);
  EXPECT_EQ(notices, (std::vector<std::string>{"took over the node /services/web/web_127.0.0.1_80 from session 0x2a"}));
}

TEST_F(ZookeeperReport, TellsWhatAnEarlierLifeLeftAndTouchesNothing) {
  zookeeper.other(common::zookeeper::CreateOperation{"/services", "", false});
  zookeeper.other(common::zookeeper::CreateOperation{"/services/web", "", false});
  zookeeper.other(common::zookeeper::CreateOperation{"/services/web/web_127.0.0.1_80", common::encode(up), true}, 7);
  make();
  EXPECT_TRUE(reporter->looking());
  io.run_for(milliseconds(5));
  EXPECT_TRUE(reporter->looking()) << "nobody has answered";
  const auto before = node_stat();
  zookeeper.connect(7);
  run_until([&] { return !reporter->looking(); });
  EXPECT_EQ(looked, (std::vector<std::optional<common::Registration>>{up}));
  report(up);
  EXPECT_EQ(node_stat(), before);
  zookeeper.disconnect();
  zookeeper.connect(8);
  run_until([&] { return node().has_value(); });
  EXPECT_EQ(looked.size(), 1u);
}

TEST_F(ZookeeperReport, FindsNothingWhereNothingIsOrNothingReadable) {
  make();
  zookeeper.connect(7);
  run_until([&] { return !reporter->looking(); });
  report(up);
  zookeeper.other(common::zookeeper::SetOperation{"/services/web/web_127.0.0.1_80", "garbage"});
  make();
  run_until([&] { return !reporter->looking(); });
  EXPECT_EQ(looked, (std::vector<std::optional<common::Registration>>{std::nullopt, std::nullopt}));
}

TEST_F(ZookeeperReport, TheNodeGoesAtOnceWhenADrainBegins) {
  make();
  zookeeper.connect(7);
  report(up);
  report(down, true);
  EXPECT_EQ(node(), std::nullopt);
}

TEST_F(ZookeeperReport, ADrainCanBeExposedUntilItIsOver) {
  ZookeeperOptions options{"zk:2181", "/services/web"};
  options.expose_on_disable = true;
  make(options);
  zookeeper.connect(7);
  report(up);
  const auto created = node_stat().created_zxid;
  report(up, true);
  down.weight = 0;
  EXPECT_EQ(node(), common::encode(down));
  EXPECT_EQ(node_stat().created_zxid, created);
  report(down, false);
  EXPECT_EQ(node(), std::nullopt);
}

TEST_F(ZookeeperReport, ADrainIsExposedWhereUnavailabilityIs) {
  make(true);
  zookeeper.connect(7);
  report(up);
  report(down, true);
  EXPECT_TRUE(node().has_value());
  report(down);
  EXPECT_TRUE(node().has_value());
}

TEST_F(ZookeeperReport, EachFormOfNodeIsClaimedWhileItIsThere) {
  for (const auto form : {NodeForm{true, true, false}, NodeForm{true, false, true}, NodeForm{false, true, true}}) {
    ZookeeperOptions options{"zk:2181", "/services/web"};
    options.node = form;
    make(options);
    zookeeper.connect(7);
    report(up);
    ASSERT_EQ(holdings.nodes().size(), 1u);
    const auto path = holdings.nodes()[0].path;
    EXPECT_EQ(zookeeper.nodes[path].data, common::encode(up));
    EXPECT_EQ(holdings.nodes()[0].persistent, !form.ephemeral);
    EXPECT_EQ(common::is_path_encoded(path.substr(path.rfind('/') + 1)), form.path_encoded);
    make(options);
    report(up);
    EXPECT_EQ(holdings.nodes(), (std::vector<SavedNode>{{path, !form.ephemeral}})) << "the next one goes on with it";
    up.weight = 7;
    report(up);
    EXPECT_EQ(holdings.nodes().size(), 1u);
    report(std::nullopt);
    EXPECT_TRUE(holdings.nodes().empty());
    EXPECT_FALSE(zookeeper.nodes.contains(path));
  }
}

TEST_F(ZookeeperReport, AnotherFormTakesOverInOneTransaction) {
  zookeeper.connect(7);
  std::string before;
  for (const auto form : {NodeForm{true, true, false}, NodeForm{}, NodeForm{true, false, true}, NodeForm{}}) {
    ZookeeperOptions options{"zk:2181", "/services/web"};
    options.node = form;
    make(options);
    holdings.sweep();
    report(up);
    ASSERT_EQ(holdings.nodes().size(), 1u);
    const auto path = holdings.nodes()[0].path;
    EXPECT_NE(path, before);
    EXPECT_EQ(zookeeper.nodes[path].data, common::encode(up));
    if (!before.empty()) {
      EXPECT_FALSE(zookeeper.nodes.contains(before));
      EXPECT_THAT(zookeeper.log, testing::Contains(testing::StartsWith("commit delete " + before + " create ")));
    }
    before = path;
  }
}

// The life before has replaced its node and ended before it could save that: the state names the node before, or none.
TEST_F(ZookeeperReport, AnotherFormTakesOverAlsoWhatTheStateDoesNotName) {
  zookeeper.other(common::zookeeper::CreateOperation{"/services", "", false});
  zookeeper.other(common::zookeeper::CreateOperation{"/services/web", "", false});
  up.weight = 7;
  const NodeNames encoded({true, false, true}, "web_127.0.0.1_80", up);
  const NodeNames other({true, false, true}, "web-2_127.0.0.1_80", up);
  for (const auto& name : {encoded.of(up), std::string("web_127.0.0.1_80_0000000042")}) {
    for (const bool names_one_before : {true, false}) {
      std::vector<SavedNode> before;
      if (names_one_before) before.push_back({"/services/web/" + encoded.of(down)});
      Holdings resumed{zookeeper, {.id = 7, .nodes = before}, [] {}};
      const auto path = "/services/web/" + name;
      const auto neighbour = "/services/web/" + other.of(up);
      for (const auto& each : {path, neighbour}) {
        zookeeper.other(common::zookeeper::CreateOperation{each, common::encode(up), true}, 7);
      }
      zookeeper.connect(7);
      reporter.emplace(io, Sessions::Shared{zookeeper, resumed}, ZookeeperOptions{"zk:2181", "/services/web"},
                       ReportSubject{"web_127.0.0.1_80", retry, up},
                       Reporter::Events{.on_taken = [this] { ++taken; },
                                        .on_failed = [this](const std::string& error) { errors.push_back(error); },
                                        .on_notice = [](const std::string&) {}});
      report(up);
      EXPECT_THAT(zookeeper.log, testing::Contains("commit delete " + path + " create /services/web/web_127.0.0.1_80"));
      EXPECT_FALSE(zookeeper.nodes.contains(path));
      EXPECT_TRUE(zookeeper.nodes.contains(neighbour)) << "another service's with the same record";
      report(std::nullopt);
      zookeeper.log.clear();
      reporter.reset();
    }
  }
  EXPECT_TRUE(errors.empty());
}

TEST_F(ZookeeperReport, WithoutAnEarlierLifeThereIsNoSearch) {
  make();
  zookeeper.connect(7);
  report(up);
  EXPECT_THAT(zookeeper.log, testing::Not(testing::Contains("list /services/web")));
}

TEST_F(ZookeeperReport, TheChrootIsAPathLikeAnyOther) {
  make({"zk:2181/prod/eu", "/services/web"});
  zookeeper.connect(7);
  report(up);
  EXPECT_TRUE(zookeeper.nodes.contains("/prod/eu/services/web/web_127.0.0.1_80"));
  make({"zk:2181/prod", "/"});
  report(up);
  EXPECT_TRUE(zookeeper.nodes.contains("/prod/web_127.0.0.1_80"));
}

TEST_F(ZookeeperReport, AReporterThatGoesLeavesItsNodeToTheNextOne) {
  make();
  zookeeper.connect(7);
  report(up);
  const auto before = node_stat();
  make();
  holdings.sweep();
  report(up);
  EXPECT_EQ(node_stat(), before);
  EXPECT_EQ(holdings.nodes(), (std::vector<SavedNode>{{"/services/web/web_127.0.0.1_80"}}));
}

TEST_F(ZookeeperReport, ANodeWhoseRemovalWasNotConfirmedIsSweptLater) {
  make();
  zookeeper.connect(7);
  report(up);
  zookeeper.disconnect();
  reporter->report({std::nullopt});
  reporter.reset();
  holdings.sweep();
  zookeeper.connect(7);
  run_until([&] { return !node(); });
  run_until([&] { return holdings.nodes().empty(); });
}

TEST_F(ZookeeperReport, OnlyTheLatestReportIsToldOf) {
  make();
  reporter->report({up});
  reporter->report({down});
  reporter->report({up});
  zookeeper.connect(7);
  run_until([&] { return taken == 1; });
  io.run_for(milliseconds(20));
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(node(), common::encode(up));
}

}  // namespace
}  // namespace nerve
