// Random histories against a model of HAProxy: whatever the registry wants next, and whatever goes wrong on the way, in
// the end HAProxy serves what is wanted, the file says the same, and plain changes of servers never need a reload. The
// seed of a failing history is in its message; MODEL_SEED=<seed> repeats it.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>

#include <gtest/gtest.h>

#include "synapse/haproxy/model_haproxy.h"
#include "synapse/haproxy/plan.h"
#include "synapse/haproxy/render.h"

namespace synapse::haproxy {
namespace {

using Words = std::vector<std::string>;
constexpr std::chrono::milliseconds kDrain{1000};

std::string_view name_of(Profile profile) {
  switch (profile) {
    case Profile::old:
      return "old";
    case Profile::v2_6:
      return "2.6";
    case Profile::v3_0:
      return "3.0";
    case Profile::newer:
      return "newer";
  }
  return "";
}

// What may happen beside changes in the registry.
struct Weather {
  bool options_change = false;  // servers come back with other words
  bool faults = false;          // replies get lost, people and reloads interfere, deletions are refused
  bool policies = false;        // servers are verified, drain before they go, and are held by people
};

// The smallest driver that keeps plan()'s rules: read every reply, read back on a surprise, plan until done, reload
// when a plan says so.
class History {
 public:
  History(Profile profile, Weather weather, std::uint32_t seed) : weather_(weather), random_(seed), haproxy_(profile) {
    auto balance = profile == Profile::old || !chance(4) ? "balance roundrobin" : "balance leastconn";
    config_.defaults = {"mode http", "default-server inter 2s"};
    config_.backends = {{"web", "web_1", {"bind 127.0.0.1:8000"}, {balance}, {}},
                        {"api", "api_2", {}, {"default-server check", "server own 10.9.9.9:80 backup"}, {}},
                        {"hash", "hash_3", {}, {"balance source"}, {}}};
    for (auto& backend : config_.backends) {
      backend.policy.respect_manual = weather_.policies;
      backend.policy.verified = weather_.policies && chance(2);
      if (weather_.policies && chance(2)) backend.policy.drain = kDrain;
    }
  }

  // Starts HAProxy, then lets `steps` things happen. After each the world must be in order.
  void run(int steps) {
    reload();
    settle();
    loads_at_start_ = haproxy_.loads();
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      if (weather_.faults && chance(3)) interfere();
      auto& backend = config_.backends[below(weather_.options_change || weather_.faults ? 3 : 2)];
      for (int i = 1 + below(3); i > 0; --i) change(backend);
      settle();
      write_file(FileFor::running);
      check_haproxy();
      check_file();
      now_ += std::chrono::milliseconds(below(2 * static_cast<int>(kDrain.count())));
    }
  }

  int reloads() const { return haproxy_.loads() - loads_at_start_; }
  const std::vector<ReloadNeed>& needs() const { return needs_; }

 private:
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  bool chance(int one_in) { return below(one_in) == 0; }

  // One thing that a registry does.
  void change(BackendSpec& backend) {
    auto& servers = backend.servers;
    if (servers.empty() || chance(4)) {
      auto fresh = random_server();
      auto same = std::find_if(servers.begin(), servers.end(), [&](const auto& s) { return s.name == fresh.name; });
      if (same == servers.end()) servers.push_back(fresh);
      return;
    }
    auto& server = servers[static_cast<std::size_t>(below(static_cast<int>(servers.size())))];
    switch (below(6)) {
      case 0:
        servers.erase(servers.begin() + (&server - servers.data()));
        break;
      case 1:
        server.weight = below(257);
        break;
      case 2:
        server.enabled = !server.enabled;
        break;
      case 3:
        move(server);
        break;
      case 4:
        std::shuffle(servers.begin(), servers.end(), random_);
        break;
      case 5:
        if (weather_.options_change) server.options = random_options();
        break;
    }
  }

  // To or from a unix socket only where a reload may follow.
  void move(ServerSpec& server) {
    auto other = random_server();
    const bool same_kind = is_socket(other.address) == is_socket(server.address);
    if (weather_.options_change || (same_kind && !is_socket(server.address))) {
      server.address = other.address;
      server.port = other.port;
    } else if (!is_socket(server.address)) {
      server.port = 1 + below(65535);
    }
  }

  ServerSpec random_server() {
    auto server = random_server_with_port();
    if (!chance(6)) return server;
    // Each name has its own socket, so that it returns to the one that it had.
    server.name = "u" + std::to_string(below(4));
    server.address = "/run/" + (weather_.options_change && chance(3) ? "other" : server.name);
    server.port = 0;
    return server;
  }

  ServerSpec random_server_with_port() {
    ServerSpec server;
    server.name = "s" + std::to_string(below(12));
    server.address = chance(5) ? "fe80::" + std::to_string(1 + below(9)) : "10.0.0." + std::to_string(1 + below(200));
    server.port = 1 + below(65535);
    server.weight = below(257);
    server.enabled = !chance(4);
    server.options = weather_.options_change ? random_options() : Words{"check"};
    return server;
  }

  Words random_options() {
    switch (below(6)) {
      case 0:
        return {"check", "inter", "3s"};
      case 1:
        return {"check", "cookie", "c"};
      case 2:
        return {"no-check"};
      case 3:
        return {"check", "weight", "33"};
      case 4:
        return {"check", "init-addr", "none"};
      default:
        return {"check", "maxconn", std::to_string(1 + below(3))};
    }
  }

  // One thing that goes wrong.
  void interfere() {
    const auto backend_name = config_.backends[static_cast<std::size_t>(below(3))].name;
    auto& backend = haproxy_.backends().at(backend_name);
    ModelHaproxy::Server* server = nullptr;
    if (!backend.servers.empty()) {
      server = &backend.servers[static_cast<std::size_t>(below(static_cast<int>(backend.servers.size())))];
    }
    if (server != nullptr && server->name == "own") server = nullptr;
    const bool served = server != nullptr && server->in_service();
    switch (below(9)) {
      case 0:
        replies_to_lose_ = 1 + below(3);
        break;
      case 1:
        if (server != nullptr) server->connections = 1;
        break;
      case 2:  // somebody restarts it, perhaps with a file from a backup
        if (chance(2)) file_ = old_file_;
        ASSERT_TRUE(haproxy_.load(file_));
        restarted_ = true;
        server = nullptr;
        break;
      case 3:
        if (server != nullptr) person(backend_name, *server, chance(2) ? "maint" : "drain");
        break;
      case 4:
        if (server != nullptr) server->weight = 77;
        break;
      case 5:
        if (server != nullptr) backend.servers.erase(backend.servers.begin() + (server - backend.servers.data()));
        server = nullptr;
        break;
      case 6:
        haproxy_.answer("add server " + config_.backends[0].name + "/s" + std::to_string(below(12)) + " localhost:80");
        server = nullptr;
        break;
      case 7:
        if (server != nullptr) person(backend_name, *server, "ready");
        break;
      case 8:
        if (server != nullptr) server->unreachable = !server->unreachable;
        break;
    }
    if (chance(4)) {  // we were restarted: what the file says is all we know
      observed_.clear();
      restarted_ = true;
    }
    // Whatever it was, the driver looks now and then.
    const auto name = server == nullptr ? std::string() : server->name;
    const bool taken_out = server != nullptr && served && (server->admin_state & 9) != 0;
    read_back();
    if (taken_out && weather_.policies) {
      EXPECT_NE(observed_[backend_name].find(name)->by_hand, ByHand::nothing) << backend_name << "/" << name;
    }
    note_held();
  }

  void person(const std::string& backend, const ModelHaproxy::Server& server, const std::string& state) {
    haproxy_.answer("set server " + backend + "/" + server.name + " state " + state);
  }

  // What people asked for, as the driver saw it. From here on it must stay.
  void note_held() {
    held_.clear();
    for (const auto& [name, backend] : observed_) {
      for (const auto& server : backend.servers) {
        // One without an address has no place in a file.
        if (server.by_hand == ByHand::nothing || server.address.empty() || !weather_.policies) continue;
        held_[{name, server.name}] = server.by_hand == ByHand::maintenance ? 1 : 8;
      }
    }
  }

  // Sends as the socket does: all at once, and then the replies. Of the last ones it may remain unknown whether they
  // were done.
  bool send(const std::vector<Command>& commands, ObservedBackend& backend) {
    auto known = commands.size() - std::min(commands.size(), static_cast<std::size_t>(replies_to_lose_));
    if (known < commands.size()) replies_to_lose_ = 0;
    auto arrive = known + (known < commands.size() ? static_cast<std::size_t>(below(2)) : 0);
    Words replies;
    for (const auto& command : commands) note_sent(command, backend);
    for (std::size_t i = 0; i < arrive; ++i) {
      check_entry(commands[i]);
      replies.push_back(haproxy_.answer(commands[i].text));
      if (!weather_.faults && !weather_.options_change) check_capacity(commands[i]);
    }
    for (std::size_t i = 0; i < known; ++i) {
      if (acknowledge(commands[i], replies[i], backend).verdict == Verdict::surprise) return false;
    }
    return known == commands.size();
  }

  // Nobody enters a verified service without a check that passed.
  void check_entry(const Command& command) {
    const auto* server = haproxy_.find(command.backend, command.server.name);
    if (server == nullptr || command.kind != CommandKind::set_ready || !server->check) return;
    const auto& policy = spec_of(command.backend).policy;
    const auto* observed = observed_[command.backend].find(command.server.name);
    if (!policy.verified || (observed != nullptr && observed->draining)) return;
    if (server->connections > 0) return;  // it served until its replacement, which did not come about
    EXPECT_TRUE(server->health > 0 && server->check_result == 3) << command.text;
  }

  const BackendSpec& spec_of(const std::string& name) const {
    return *std::find_if(config_.backends.begin(), config_.backends.end(),
                         [&](const auto& backend) { return backend.name == name; });
  }

  void settle() {
    for (int round = 0; round < 20; ++round) {
      bool done = true;
      if (weather_.policies) {
        haproxy_.run_checks();
        read_back();
      }
      std::vector<ReloadNeed> needs;
      for (const auto& backend : config_.backends) {
        auto& observed = observed_[backend.name];
        auto traits = traits_of(config_.defaults, backend.backend_lines, capabilities_);
        auto next = plan(backend, traits, &observed, capabilities_, now_);
        needs.insert(needs.end(), next.reloads.begin(), next.reloads.end());
        note_capacity(backend, next);
        if (!send(next.commands, observed) || !send(next.removals, observed)) {
          read_back();
          done = false;
        }
        if (!next.done()) done = false;
      }
      if (done) return;
      if (!needs.empty() && (round > 10 || chance(2))) {
        needs_.insert(needs_.end(), needs.begin(), needs.end());
        reload();
      }
    }
    FAIL() << "does not converge";
  }

  // The file first, then HAProxy.
  void reload() {
    write_file(FileFor::reload);
    const auto before = haproxy_.backends();
    ASSERT_TRUE(haproxy_.load(file_)) << file_;
    check_load(before);
    restarted_ = true;
    read_back();
  }

  // Who is not reachable stays so, and nobody gets into a verified service by a reload.
  void check_load(const std::map<std::string, ModelHaproxy::Backend>& before) {
    for (auto& [name, backend] : haproxy_.backends()) {
      for (auto& server : backend.servers) {
        const ModelHaproxy::Server* old = nullptr;
        if (before.contains(name)) {
          for (const auto& each : before.at(name).servers) old = each.name == server.name ? &each : old;
        }
        if (old != nullptr) server.unreachable = old->unreachable;
        if (server.name == "own" || !spec_of(name).policy.verified || !server.check || !server.in_service() ||
            server.weight == 0)
          continue;
        EXPECT_TRUE(old != nullptr && (old->in_service() || (old->admin_state & 8) != 0)) << name << "/" << server.name;
      }
    }
  }

  void write_file(FileFor purpose) {
    old_file_ = file_.empty() || chance(3) ? file_ : old_file_;
    file_ = rendered(purpose).text;
    if (old_file_.empty()) old_file_ = file_;
  }

  void read_back() {
    auto version = parse_info(haproxy_.answer(std::string(kShowInfo)));
    ASSERT_TRUE(version.has_value());
    capabilities_ = capabilities_of(*parse_version(version->version));
    auto state = parse_servers_state(haproxy_.answer(std::string(kShowServersState)));
    ASSERT_TRUE(state.has_value());
    // After a restart the servers have the options of the file.
    auto file = read_rendered(file_);
    ASSERT_TRUE(file);
    EXPECT_EQ(parse_env(haproxy_.answer(std::string(kShowFingerprint)), kFingerprintVariable), file->fingerprint);
    for (const auto& backend : config_.backends) {
      auto fresh = state->backends[backend.name];
      fresh.name = backend.name;
      if (restarted_) {
        adopt(file->servers[backend.name], true, fresh);
        carry_times(observed_[backend.name], fresh);
      } else {
        carry_over(observed_[backend.name], fresh);
      }
      observed_[backend.name] = fresh;
    }
    restarted_ = false;
  }

  RenderedConfig rendered(FileFor purpose) {
    auto config = config_;
    for (auto& backend : config.backends) {
      auto traits = traits_of(config.defaults, backend.backend_lines, capabilities_);
      backend.servers = servers_for_file(backend, traits, &observed_[backend.name], capabilities_, purpose);
    }
    auto result = render(config);
    EXPECT_TRUE(result.warnings.empty());
    EXPECT_EQ(result.text, render(config).text);
    return result;
  }

  // Servers in service before and after a plan.
  void note_capacity(const BackendSpec& backend, const Plan& next) {
    capacity_ = 0;
    for (const auto& server : haproxy_.backends().at(backend.name).servers) capacity_ += server.in_service() ? 1 : 0;
    int wanted = 0;
    for (const auto& server : backend.servers) wanted += server.enabled ? 1 : 0;
    for (const auto& server : haproxy_.backends().at(backend.name).servers) wanted += server.name == "own" ? 1 : 0;
    floor_ = std::min(capacity_, wanted);
    if (!next.reloads.empty()) floor_ = std::min(floor_, 1);
  }

  void check_capacity(const Command& command) {
    int serving = 0;
    for (const auto& server : haproxy_.backends().at(command.backend).servers) serving += server.in_service() ? 1 : 0;
    EXPECT_GE(serving, floor_) << command.text;
  }

  void check_haproxy() {
    for (const auto& backend : config_.backends) {
      const auto& has = haproxy_.backends().at(backend.name).servers;
      auto usable = usable_servers(backend, declared_servers(backend.backend_lines));
      for (const auto& server : usable) check_server(backend.name, server);
      check_drains(backend, usable);
      for (const auto& server : has) {
        bool wanted = std::any_of(usable.begin(), usable.end(), [&](const auto& s) { return s.name == server.name; });
        if (server.name == "own") {
          EXPECT_TRUE(server.in_service());
        } else if (!wanted && !waits_for_others(backend, usable)) {
          EXPECT_FALSE(server.in_service()) << backend.name << "/" << server.name << " vanished and serves on";
        }
      }
    }
  }

  void check_drains(const BackendSpec& backend, const std::vector<ServerSpec>& usable) {
    for (const auto& [key, state] : held_) {
      if (key.first != backend.name) continue;
      const auto* server = haproxy_.find(key.first, key.second);
      ASSERT_NE(server, nullptr) << key.first << "/" << key.second;
      EXPECT_EQ(server->admin_state & 9, state) << key.first << "/" << key.second;
    }
    for (const auto& server : observed_[backend.name].servers) {
      if (!server.draining) continue;
      const bool available =
          std::any_of(usable.begin(), usable.end(), [&](const auto& s) { return s.name == server.name && s.enabled; });
      EXPECT_FALSE(available) << server.name << " drains and is wanted";
      ASSERT_TRUE(server.drains_until) << server.name;
      EXPECT_GT(*server.drains_until, now_) << server.name << " drains for too long";
      EXPECT_LE(*server.drains_until, now_ + kDrain) << server.name;
    }
  }

  // The last ones of a verified service serve until others have entered.
  bool waits_for_others(const BackendSpec& backend, const std::vector<ServerSpec>& usable) {
    if (!backend.policy.verified) return false;
    return std::none_of(usable.begin(), usable.end(), [&](const ServerSpec& wanted) {
      const auto* server = haproxy_.find(backend.name, wanted.name);
      return wanted.enabled && wanted.weight > 0 && server != nullptr && server->in_service();
    });
  }

  void check_server(const std::string& backend, const ServerSpec& wanted) {
    auto* server = haproxy_.find(backend, wanted.name);
    auto where = backend + "/" + wanted.name;
    if (held_.contains({backend, wanted.name})) return;
    if (server != nullptr && spec_of(backend).policy.verified && server->check && server->unreachable) return;
    if (!wanted.enabled) {
      EXPECT_TRUE(server == nullptr || !server->in_service()) << where;
      return;
    }
    ASSERT_NE(server, nullptr) << where;
    EXPECT_TRUE(server->in_service()) << where << " is in state " << server->admin_state << ", by hand "
                                      << static_cast<int>(observed_[backend].find(wanted.name)->by_hand);
    EXPECT_EQ(server->address, wanted.address) << where;
    EXPECT_EQ(server->port, wanted.port) << where;
    EXPECT_EQ(server->weight, wanted.weight) << where;
    EXPECT_EQ(server->check_enabled, server->check) << where;
  }

  // An HAProxy that loads the file now would serve the same servers in the same way.
  void check_file() {
    for (auto purpose : {FileFor::running, FileFor::reload}) {
      auto text = rendered(purpose).text;
      ModelHaproxy other(Profile::v3_0);
      ASSERT_TRUE(other.load(text)) << text;
      for (const auto& [name, backend] : haproxy_.backends()) {
        EXPECT_EQ(serving(other.backends().at(name)), serving(backend)) << name << "\n" << text;
        for (const auto& server : backend.servers) {
          if (purpose == FileFor::reload || server.address == "-") continue;
          EXPECT_NE(other.find(name, server.name), nullptr) << "a tombstone is missing in\n" << text;
        }
      }
      auto read = read_rendered(text);
      ASSERT_TRUE(read);
      EXPECT_EQ(read->servers.size(), config_.backends.size());
    }
  }

  static std::map<std::string, std::string> serving(const ModelHaproxy::Backend& backend) {
    std::map<std::string, std::string> servers;
    for (const auto& server : backend.servers) {
      if (!server.in_service() || server.weight == 0) continue;
      auto text = server.address + " " + std::to_string(server.port) + " " + std::to_string(server.weight);
      for (const auto& word : server.words) text += " " + word;
      servers[server.name] = text;
    }
    return servers;
  }

  Weather weather_;
  std::mt19937 random_;
  ModelHaproxy haproxy_;
  ConfigSpec config_;
  Capabilities capabilities_ = least_capabilities();
  std::map<std::string, ObservedBackend> observed_;
  std::string file_;
  std::string old_file_;
  bool restarted_ = false;
  int replies_to_lose_ = 0;
  Moment now_{};
  std::map<std::pair<std::string, std::string>, int> held_;  // by backend and server: 1 maintenance, 8 drain
  int loads_at_start_ = 0;
  int capacity_ = 0;
  int floor_ = 0;
  std::vector<ReloadNeed> needs_;
};

class Model : public testing::TestWithParam<Profile> {
 protected:
  // Fresh histories in every run, for a bounded time.
  template <class Body>
  void for_seeds(Body body) {
    const char* given = std::getenv("MODEL_SEED");
    auto first =
        given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : std::random_device()();
    std::cout << "seeds from " << first << "\n";
    auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(120);
    for (std::uint32_t seed = first; !HasFailure() && (seed == first || std::chrono::steady_clock::now() < end);
         ++seed) {
      SCOPED_TRACE("HAProxy " + std::string(name_of(GetParam())) + ", MODEL_SEED=" + std::to_string(seed));
      body(seed);
      if (given != nullptr) return;
    }
  }
};

TEST_P(Model, PlainChangesNeedNoReload) {
  for_seeds([](std::uint32_t seed) {
    History history(GetParam(), {}, seed);
    history.run(40);
    if (GetParam() == Profile::old) return;  // it cannot add servers
    EXPECT_EQ(history.reloads(), 0);
    for (const auto& need : history.needs()) ADD_FAILURE() << to_string(need.reason) << ": " << need.words;
  });
}

TEST_P(Model, ConvergesWhenOptionsChange) {
  for_seeds([](std::uint32_t seed) { History(GetParam(), {.options_change = true}, seed).run(40); });
}

TEST_P(Model, ConvergesWhateverGoesWrong) {
  for_seeds([](std::uint32_t seed) { History(GetParam(), {.options_change = true, .faults = true}, seed).run(40); });
}

TEST_P(Model, KeepsItsPoliciesWhateverGoesWrong) {
  for_seeds([](std::uint32_t seed) {
    History(GetParam(), {.options_change = true, .faults = true, .policies = true}, seed).run(40);
  });
}

INSTANTIATE_TEST_SUITE_P(Versions, Model, testing::Values(Profile::old, Profile::v2_6, Profile::v3_0, Profile::newer),
                         [](const testing::TestParamInfo<Profile>& profile) {
                           std::string name(name_of(profile.param));
                           std::replace(name.begin(), name.end(), '.', '_');
                           return "v" + name;
                         });

}  // namespace
}  // namespace synapse::haproxy
