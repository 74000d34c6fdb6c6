// The words spoken on HAProxy's runtime socket: commands as text, replies as verdicts. Every reply is judged against
// the exact words HAProxy is known to answer; anything else is a surprise, after which the state is read back. Pure:
// the socket is runtime_socket's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "synapse/haproxy/observed.h"
#include "synapse/haproxy/server.h"
#include "synapse/haproxy/traits.h"

namespace synapse::haproxy {

// HAProxy drops words above 64 without a sign, and hangs on a command above about 15 kB: such a command is never built.
inline constexpr std::size_t kMaxCommandWords = 60;
inline constexpr std::size_t kMaxCommandBytes = 12'000;

enum class CommandKind {
  add_server,
  set_ready,
  set_maintenance,
  set_drain,
  set_weight,
  set_address,
  enable_health,
  enable_agent,
  health_up,
  health_down,
  enable_dynamic_cookie,
  delete_server,
};

// One change. `text` is a whole line without the newline; the rest says what it does, so that an acknowledged command
// can be applied to the observed state without asking again.
struct Command {
  CommandKind kind;
  std::string text;
  std::string backend;
  ServerSpec server;       // add_server: all of it; otherwise the name and what the command sets
  bool has_check = false;  // add_server: the new server has a check, and an agent, to be enabled
  bool has_agent = false;
  bool verifies = false;        // add_server, set_drain: the server enters when a check has passed
  std::optional<Moment> until;  // set_drain: the drain is ours, and ends then

  friend bool operator==(const Command&, const Command&) = default;
};

// `add server`: in maintenance and without running checks, as HAProxy starts it. The error: too long, or a value that
// has no place in a command.
[[nodiscard]] common::Result<Command> add_server(const std::string& backend, const ServerSpec& server,
                                                 const Addition& addition);
[[nodiscard]] Command set_ready(const std::string& backend, const std::string& server);
[[nodiscard]] Command set_maintenance(const std::string& backend, const std::string& server);
// No new connections but those of clients that belong to the server; its checks go on.
[[nodiscard]] Command set_drain(const std::string& backend, const std::string& server);
[[nodiscard]] Command set_weight(const std::string& backend, const std::string& server, int weight);
[[nodiscard]] Command set_address(const std::string& backend, const std::string& server, const std::string& address,
                                  int port);
[[nodiscard]] Command enable_health(const std::string& backend, const std::string& server);
[[nodiscard]] Command enable_agent(const std::string& backend, const std::string& server);
[[nodiscard]] Command health_up(const std::string& backend, const std::string& server);
// Until `rise` checks have passed.
[[nodiscard]] Command health_down(const std::string& backend, const std::string& server);
[[nodiscard]] Command enable_dynamic_cookie(const std::string& backend);
[[nodiscard]] Command delete_server(const std::string& backend, const std::string& server);

inline constexpr std::string_view kShowServersState = "show servers state";
inline constexpr std::string_view kShowInfo = "show info";
inline constexpr std::string_view kShowFingerprint = "show env SYNAPSE_CONFIG";

enum class Verdict {
  ok,
  busy,      // del server: connections are still attached, or something points to it; try again later
  refused,   // add server: HAProxy does not take it as it is, and will not the next time; the next plan knows that
  surprise,  // HAProxy's state is not what we thought (already exists, no such server), or words we do not know
};

// Before a command is sent: until acknowledge() gets its reply it is not known whether it was done.
void note_sent(const Command& command, ObservedBackend& backend);

struct Judgement {
  Verdict verdict = Verdict::surprise;
  std::string words;  // HAProxy's, on one line, shortened; empty when ok

  friend bool operator==(const Judgement&, const Judgement&) = default;
};

// `reply`: what came between two prompts; surrounding white space does not matter.
[[nodiscard]] Judgement judge(const Command& command, std::string_view reply);

// judge(), and what it means for the observed state: an acknowledged command is applied, a refusal is noted. A surprise
// changes nothing: the driver reads the state back.
Judgement acknowledge(const Command& command, std::string_view reply, ObservedBackend& backend);

struct ProcessInfo {
  std::string version;  // as HAProxy writes it
  int pid = 0;
  long uptime_seconds = 0;
  bool stopping = false;

  friend bool operator==(const ProcessInfo&, const ProcessInfo&) = default;
};

// Reads `show info`. The error names what is missing.
[[nodiscard]] common::Result<ProcessInfo> parse_info(std::string_view reply);

// Reads `show env NAME`: the value, or nothing when HAProxy has no such variable (or said something else).
[[nodiscard]] std::optional<std::string> parse_env(std::string_view reply, std::string_view name);

// Reads `show proc` of the master: the workers from before the last reload. Nothing: it is not that answer.
[[nodiscard]] std::optional<std::size_t> count_old_workers(std::string_view reply);

// Cuts the stream of a session that began with the command `prompt` into replies. The commands may be sent all at once:
// HAProxy answers them in order, each answer followed by a prompt. The reply to `prompt` itself is the first (empty).
class ReplyReader {
 public:
  explicit ReplyReader(std::size_t max_bytes = 64 * 1024 * 1024) : max_bytes_(max_bytes) {}

  // False when a single reply exceeds max_bytes: give the connection up.
  [[nodiscard]] bool feed(std::string_view bytes);

  // The next whole reply, without its prompt.
  [[nodiscard]] std::optional<std::string> next();

 private:
  std::size_t max_bytes_;
  std::string buffer_;
  std::size_t scanned_ = 0;
};

}  // namespace synapse::haproxy
