// A small model of HAProxy for tests: loads a configuration, takes the text of runtime commands, and answers with the
// exact words of the real one, per version. It reads the texts in its own way and shares no code with what it tests.
// Of what the real one does beyond servers only checks are there, when they are told to run.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace synapse::haproxy {

enum class Profile {
  old,    // 2.4: servers can be added in experimental mode only
  v2_6,   // Debian 12
  v3_0,   // Debian 13
  newer,  // 3.3, as far as it matters here: the words of 3.0
};

class ModelHaproxy {
 public:
  struct Server {
    std::string name;
    std::string address;  // "-": none, as which a unix socket is shown too
    int port = 0;
    int weight = 1;
    int initial_weight = 1;
    int admin_state = 0;  // 1: forced maintenance, 4: by the configuration, 8: forced drain
    bool check = false;
    bool check_enabled = false;
    bool checks_rest = false;  // in maintenance, but for a server that never left the one it was added in
    bool unreachable = false;  // checks fail
    bool up = true;
    int health = 0;
    int check_result = 0;  // 0: none yet, 2: failed, 3: passed
    bool dynamic = false;
    int connections = 0;             // attached: the server cannot be deleted
    std::vector<std::string> words;  // keywords in effect, sorted; without weight, enabled, disabled and pool-*

    bool in_service() const { return (admin_state & 9) == 0 && address != "-"; }
    friend bool operator==(const Server&, const Server&) = default;
  };
  struct Backend {
    bool dynamic_balance = true;
    std::vector<std::string> default_words;
    std::vector<Server> servers;
  };

  explicit ModelHaproxy(Profile profile) : profile_(profile) {}

  // Starts or reloads with this file. False, and nothing changes, when HAProxy would refuse it.
  bool load(std::string_view config);

  std::string answer(const std::string& command);

  // Each server whose checks are on is checked as often as `rise` and `fall` want.
  void run_checks();

  std::string version() const;
  int loads() const { return loads_; }
  std::map<std::string, Backend>& backends() { return backends_; }
  const std::map<std::string, Backend>& backends() const { return backends_; }
  Server* find(const std::string& backend, const std::string& server);

 private:
  std::string add(const std::vector<std::string>& words);
  std::string set(const std::vector<std::string>& words);
  std::string set_state(Server& server, const std::string& state);
  std::string set_health(Server& server, const std::string& health);
  std::string set_address(Server& server, const std::vector<std::string>& words);
  std::string set_weight(const Backend& backend, Server& server, const std::string& weight);
  std::string remove(const std::vector<std::string>& words);
  std::string enable_health(const std::string& path);
  std::string show_state() const;
  bool is_3_0() const { return profile_ == Profile::v3_0 || profile_ == Profile::newer; }

  Profile profile_;
  int loads_ = 0;
  std::string fingerprint_;
  std::map<std::string, Backend> backends_;
};

}  // namespace synapse::haproxy
