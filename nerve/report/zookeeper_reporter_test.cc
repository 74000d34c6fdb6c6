#include "nerve/report/zookeeper_reporter.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace nerve {
namespace {

using common::zookeeper::CommitReply;
using common::zookeeper::Listener;
using common::zookeeper::Operation;
using common::zookeeper::SessionState;
using common::zookeeper::Status;
using std::chrono::milliseconds;

// A registry of one session in memory.
class FakeZookeeper : public common::zookeeper::Zookeeper {
 public:
  explicit FakeZookeeper(boost::asio::io_context& io) : io_(io) {}

  void connect() {
    for (const auto& [id, listener] : listeners_) listener.on_state(SessionState::connected, 7);
  }

  void get(const std::string& path, bool, std::function<void(common::zookeeper::GetReply)> done) override {
    common::zookeeper::GetReply reply;
    const auto found = nodes.find(path);
    reply.status = refuse ? Status::no_auth : found == nodes.end() ? Status::no_node : Status::ok;
    reply.error = refuse ? "not authenticated" : "";
    if (reply.status == Status::ok) reply.data = found->second;
    reply.stat.owner = 7;
    post([done, reply] { done(reply); });
  }
  void children(const std::string&, bool, std::function<void(common::zookeeper::ChildrenReply)>) override {}
  void exists(const std::string&, bool, std::function<void(common::zookeeper::ExistsReply)>) override {}

  void commit(std::vector<Operation> operations, std::function<void(CommitReply)> done) override {
    CommitReply reply{refuse ? Status::no_auth : Status::ok, refuse ? "not authenticated" : ""};
    for (const auto& operation : operations) {
      if (!refuse) std::visit([this](const auto& what) { apply(what); }, operation);
    }
    post([done, reply] { done(reply); });
  }
  int listen(const std::string&, Listener listener) override {
    listeners_[++last_id_] = std::move(listener);
    return last_id_;
  }
  void unlisten(int id) override { listeners_.erase(id); }

  std::map<std::string, std::string> nodes;
  int writes = 0;
  bool refuse = false;

 private:
  void post(std::function<void()> what) { boost::asio::post(io_, std::move(what)); }
  void apply(const common::zookeeper::CreateOperation& what) { write(what.path, what.data); }
  void apply(const common::zookeeper::SetOperation& what) { write(what.path, what.data); }
  void apply(const common::zookeeper::DeleteOperation& what) { nodes.erase(what.path); }
  void write(const std::string& path, const std::string& data) {
    nodes[path] = data;
    ++writes;
  }

  boost::asio::io_context& io_;
  std::map<int, Listener> listeners_;
  int last_id_ = 0;
};

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
    const ZookeeperOptions options{"zk:2181", "/services/web", milliseconds(2000), milliseconds(60'000), expose};
    reporter.emplace(io, zookeeper, options, ReportSubject{"web_127.0.0.1_80", milliseconds(5)},
                     Reporter::Events{.on_taken = [this] { ++taken; },
                                      .on_failed = [this](const std::string& error) { errors.push_back(error); },
                                      .on_notice = [](const std::string&) {}});
    return *reporter;
  }

  // Runs until `reached`, or for some seconds at most.
  template <class Condition>
  void run_until(Condition reached) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!reached() && std::chrono::steady_clock::now() < end) io.run_one_for(milliseconds(100));
    ASSERT_TRUE(reached());
  }
  void report(const std::optional<common::Registration>& record) {
    const int before = taken;
    reporter->report(record);
    EXPECT_EQ(taken, before) << "not from within report()";
    run_until([&] { return taken == before + 1; });
  }
  std::optional<std::string> node() const {
    const auto found = zookeeper.nodes.find("/services/web/web_127.0.0.1_80");
    return found == zookeeper.nodes.end() ? std::nullopt : std::optional(found->second);
  }

  boost::asio::io_context io;
  FakeZookeeper zookeeper{io};
  std::optional<ZookeeperReporter> reporter;
  int taken = 0;
  std::vector<std::string> errors;
  common::Registration up;
  common::Registration down;
};

TEST_F(ZookeeperReport, TheNodeIsThereWhileTheServiceIsAvailable) {
  make();
  zookeeper.connect();
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
  zookeeper.connect();
  report(down);
  EXPECT_EQ(node(), common::encode(down));
  report(std::nullopt);
  EXPECT_EQ(node(), std::nullopt);
}

TEST_F(ZookeeperReport, AReportThatChangesNothingInTheRegistryIsTakenToo) {
  make();
  zookeeper.connect();
  report(up);
  const int writes = zookeeper.writes;
  report(up);
  EXPECT_EQ(zookeeper.writes, writes);
  report(down);
  down.unavailable_reason = "another";
  report(down);
}

TEST_F(ZookeeperReport, FailsAgainAndAgainWhileNobodyAnswers) {
  make();
  reporter->report(up);
  run_until([&] { return errors.size() == 2; });
  EXPECT_EQ(errors[1], "no acknowledgement from ZooKeeper zk:2181 within 5 ms");
  EXPECT_FALSE(reporter->settled());
  EXPECT_EQ(taken, 0);
  zookeeper.connect();
  run_until([&] { return taken == 1; });
  EXPECT_EQ(node(), common::encode(up));
}

TEST_F(ZookeeperReport, GivesTheReasonOfARefusal) {
  make();
  zookeeper.refuse = true;
  zookeeper.connect();
  reporter->report(up);
  run_until([&] { return errors.size() >= 2; });
  EXPECT_NE(errors[0].find("not authenticated"), std::string::npos) << errors[0];
  zookeeper.refuse = false;
  run_until([&] { return taken == 1; });
}

TEST_F(ZookeeperReport, OnlyTheLatestReportIsToldOf) {
  make();
  reporter->report(up);
  reporter->report(down);
  reporter->report(up);
  zookeeper.connect();
  run_until([&] { return taken == 1; });
  io.run_for(milliseconds(20));
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(node(), common::encode(up));
}

}  // namespace
}  // namespace nerve
