// What HAProxy should have: plain values that the driver fills from the configuration and the registry, and that render
// and plan read. Pure: no I/O, no clock, any thread.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace synapse::haproxy {

// Why a server that stands in the file takes no new connections. HAProxy knows maintenance and drain only; the rest is
// told by a comment in the file, so that it survives HAProxy's and our own end.
enum class Standing {
  plain,                // as `enabled` says
  unverified,           // waits for the first check that passes
  draining,             // vanished or unavailable; it goes when its time is over
  held_in_maintenance,  // by a person, who will also end it
  held_in_drain,
};

// One server of a backend. Values from the registry went through common/registration/validate.h before they came here;
// render() and the command builders check them once more and leave out what does not fit.
struct ServerSpec {
  std::string name;
  // An IP literal, IPv6 without brackets: HAProxy neither resolves nor checks at run time. Or the path of a unix
  // socket.
  std::string address;
  int port = 0;         // 1..65535; 0 with a unix socket
  int weight = 1;       // 0..256; 0 takes no new connections but stays in service for old ones
  bool enabled = true;  // false: `disabled` in the file, maintenance at run time; running connections end in peace
  // Keyword words behind the name, as they would be written in the file: quotes and backslashes kept (see words.h).
  std::vector<std::string> options;
  // Of the file only: servers_for_file() gives it and read_rendered() finds it again. plan() goes by what it observes.
  Standing standing = Standing::plain;

  friend bool operator==(const ServerSpec&, const ServerSpec&) = default;
};

// Moves `weight N`, `enabled` and `disabled` from the options into the fields, the last one winning as in HAProxy's
// file: otherwise the file would say one thing and the runtime state another. Everything in this room works on
// normalised servers and calls this itself.
[[nodiscard]] ServerSpec normalised(ServerSpec server);

// True when it certainly is, as nearly every server: all of them are looked at whenever one changes.
[[nodiscard]] bool is_normalised(const ServerSpec& server);

// Why HAProxy must not see the server (a name or address that is not one, a port or weight out of range, options that
// are not whole words); nothing: it is sound.
[[nodiscard]] std::optional<std::string> unsound(const ServerSpec& server);

// Whether an address is the path of a unix socket.
[[nodiscard]] bool is_socket(std::string_view address);

// Address and port as one word of a server line: 10.0.0.1:80, [::1]:80, unix@/run/web.sock.
[[nodiscard]] std::string written_address(const ServerSpec& server);

// Whether HAProxy takes a server from one address to the other at run time: not to nor from a unix socket.
[[nodiscard]] bool can_move(std::string_view from, std::string_view to);

// Two spellings of one address are one address: HAProxy answers with its own.
[[nodiscard]] bool same_address(std::string_view a, std::string_view b);

// How servers come and go.
struct ServerPolicy {
  bool verified = false;               // a server enters after a check of HAProxy's own passed; needs a check
  std::chrono::milliseconds drain{0};  // before a server that leaves goes into maintenance
  bool respect_manual = true;          // maintenance and drain that a person asked for stay

  friend bool operator==(const ServerPolicy&, const ServerPolicy&) = default;
};

// One service in HAProxy.
struct BackendSpec {
  std::string service;  // for words and metric labels
  std::string name;     // the frontend's and the backend's name: `<service>_<id>`, or one that was given
  std::vector<std::string> frontend_lines;  // none: no frontend is declared
  std::vector<std::string> backend_lines;
  std::vector<ServerSpec> servers;        // in the order of the file; of equal names the first counts
  std::vector<std::string> shared_lines;  // of the frontend that several services share
  ServerPolicy policy;

  friend bool operator==(const BackendSpec&, const BackendSpec&) = default;
};

using Sections = std::map<std::string, std::vector<std::string>>;  // name -> lines

// The whole file.
struct ConfigSpec {
  std::vector<std::string> global;
  std::vector<std::string> defaults;
  Sections listen;
  Sections frontend;
  Sections backend;
  Sections extra;                         // header -> lines
  std::string shared_frontend;            // its name; empty: there is none
  std::vector<std::string> shared_lines;  // of its own; those of the declared backends follow
  std::vector<BackendSpec> backends;

  friend bool operator==(const ConfigSpec&, const ConfigSpec&) = default;
};

}  // namespace synapse::haproxy
