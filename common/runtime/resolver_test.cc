#include "common/runtime/resolver.h"

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "common/limits/limits.h"
#include "common/runtime/task_group.h"

namespace common {
namespace {

namespace asio = boost::asio;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// A name server that knows a name, denies it, or hangs until it is let go.
class Names {
 public:
  void set(const std::string& host, const std::string& address) {
    const std::lock_guard lock(mutex_);
    addresses_[host] = address;
    hanging_.erase(host);
  }
  void hang(const std::string& host) {
    const std::lock_guard lock(mutex_);
    hanging_.insert(host);
  }
  void forget(const std::string& host) {
    const std::lock_guard lock(mutex_);
    addresses_.erase(host);
  }
  void let_all_go() {
    const std::lock_guard lock(mutex_);
    hanging_.clear();
  }

  Result<Resolver::Addresses> look_up(const std::string& host) {
    ++asked;
    while (hangs(host)) std::this_thread::sleep_for(milliseconds(1));
    const std::lock_guard lock(mutex_);
    const auto found = addresses_.find(host);
    if (found == addresses_.end()) return fail("there is no " + host);
    return Resolver::Addresses{asio::ip::make_address(found->second)};
  }

  std::atomic<int> asked = 0;

 private:
  bool hangs(const std::string& host) {
    const std::lock_guard lock(mutex_);
    return hanging_.contains(host);
  }

  std::mutex mutex_;
  std::map<std::string, std::string> addresses_;
  std::set<std::string> hanging_;
};

class ResolverTest : public testing::Test {
 protected:
  using Answer = std::shared_ptr<std::optional<std::string>>;  // an address or an error, when it is there

  ResolverTest() { answers_serve_for(steady_clock::duration::zero()); }
  ~ResolverTest() override { names.let_all_go(); }

  void answers_serve_for(steady_clock::duration time) {
    resolver.emplace(
        io, [this](const std::string& host) { return names.look_up(host); }, time);
  }

  Answer ask(const std::string& host) { return keep(resolver->resolve(host, true)); }
  Answer ask_anew(const std::string& host) { return keep(resolver->resolve_anew(host, true)); }

  std::string wait_for(const Answer& answer, milliseconds limit = seconds(30)) {
    const auto end = steady_clock::now() + limit;
    while (!*answer && steady_clock::now() < end) {
      io.restart();
      io.run_one_for(milliseconds(5));
    }
    return answer->value_or("nothing yet");
  }

  Names names;
  asio::io_context io;
  std::optional<Resolver> resolver;
  TaskGroup tasks{io};

 private:
  Answer keep(asio::awaitable<Result<Resolver::Addresses>> asked) {
    auto answer = std::make_shared<std::optional<std::string>>();
    tasks.spawn("asker", keep(std::move(asked), answer));
    return answer;
  }
  static asio::awaitable<void> keep(asio::awaitable<Result<Resolver::Addresses>> asked, Answer answer) {
    const auto found = co_await std::move(asked);
    answer->emplace(found.has_value() ? found->front().to_string() : found.error().message);
  }
};

TEST_F(ResolverTest, AnAddressIsItsOwnAnswer) {
  EXPECT_EQ(wait_for(ask("::1")), "::1");
  EXPECT_EQ(names.asked, 0);
}

TEST_F(ResolverTest, AnAnswerServesForItsTime) {
  answers_serve_for(hours(1));
  names.set("a.test", "10.0.0.1");
  EXPECT_EQ(wait_for(ask("a.test")), "10.0.0.1");
  EXPECT_EQ(wait_for(ask("a.test")), "10.0.0.1");
  EXPECT_EQ(names.asked, 1);
}

TEST_F(ResolverTest, AFailureIsToldAndAskedAgain) {
  EXPECT_EQ(wait_for(ask("a.test")), "there is no a.test");
  names.set("a.test", "10.0.0.1");
  EXPECT_EQ(wait_for(ask("a.test")), "10.0.0.1");
}

TEST_F(ResolverTest, RemembersSoManyNamesAndNoMore) {
  answers_serve_for(hours(1));
  const auto hits = limit_hits(Limit::resolver_names);
  for (int i = 0; i < 4'096; ++i) ask("n" + std::to_string(i) + ".test");
  EXPECT_EQ(wait_for(ask("one.more.test")), "cannot resolve one.more.test: too many names are being looked up");
  EXPECT_GT(limit_hits(Limit::resolver_names), hits);
  EXPECT_EQ(wait_for(ask("n4095.test")), "there is no n4095.test");
  names.set("one.more.test", "10.0.0.1");
  EXPECT_EQ(wait_for(ask("one.more.test")), "10.0.0.1") << "it has taken the place of an older one";
}

TEST_F(ResolverTest, TheLastGoodAnswerServesWhileTheNameServerFails) {
  names.set("a.test", "10.0.0.1");
  EXPECT_EQ(wait_for(ask("a.test")), "10.0.0.1");
  names.forget("a.test");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(wait_for(ask_anew("a.test")), "10.0.0.1");
}

TEST_F(ResolverTest, TheLastGoodAnswerServesWhileTheNameServerHangs) {
  names.set("a.test", "10.0.0.1");
  EXPECT_EQ(wait_for(ask("a.test")), "10.0.0.1");
  names.set("a.test", "10.0.0.2");
  names.hang("a.test");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(wait_for(ask("a.test")), "10.0.0.1");
  EXPECT_LE(names.asked, 2) << "one lookup at a time";
  const auto anew = ask_anew("a.test");
  EXPECT_EQ(wait_for(anew, milliseconds(50)), "nothing yet");
  names.let_all_go();
  EXPECT_EQ(wait_for(anew), "10.0.0.2");
  EXPECT_EQ(wait_for(ask("a.test")), "10.0.0.2");
}

TEST_F(ResolverTest, WhoAsksAnewLearnsOfAChangeAtOnce) {
  answers_serve_for(hours(1));
  names.set("a.test", "10.0.0.1");
  EXPECT_EQ(wait_for(ask_anew("a.test")), "10.0.0.1");
  names.set("a.test", "10.0.0.2");
  EXPECT_EQ(wait_for(ask_anew("a.test")), "10.0.0.2");
}

TEST_F(ResolverTest, DeadNamesThatHangDoNotHoldUpGoodOnes) {
  for (int i = 0; i < 50; ++i) EXPECT_EQ(wait_for(ask("dead" + std::to_string(i))).substr(0, 11), "there is no");
  for (int i = 0; i < 50; ++i) {
    names.hang("dead" + std::to_string(i));
    ask("dead" + std::to_string(i));
  }
  names.set("new.test", "10.0.0.1");
  EXPECT_EQ(wait_for(ask("new.test")), "10.0.0.1");
}

TEST_F(ResolverTest, SomeNamesThatHangForTheFirstTimeDoNotHoldUpOthers) {
  for (int i = 0; i < 5; ++i) {
    names.hang("dead" + std::to_string(i));
    ask("dead" + std::to_string(i));
  }
  names.set("new.test", "10.0.0.1");
  EXPECT_EQ(wait_for(ask("new.test")), "10.0.0.1");
  EXPECT_TRUE(resolver->busy());
}

}  // namespace
}  // namespace common
