#include "synapse/haproxy/advice.h"

#include <array>
#include <cerrno>
#include <cstring>

namespace synapse::haproxy {
namespace {

constexpr std::string_view kDenied = "Permission denied";

// What is said -> what to do. The first that stands in its words counts: the nearer to the cause, the earlier.
struct Advice {
  std::string_view said;
  std::string_view also;  // stands in the words, too; may be empty
  std::string_view advice;
};
constexpr std::array kAdvice{
    Advice{"cannot start", "No such file or directory",
           "install HAProxy 2.4 or later, or set haproxyBinary to its path"},
    Advice{"cannot start", "Permission denied", "haproxyBinary must be a program that this user may run"},
    Advice{"cannot start", "Exec format error", "haproxyBinary must be a program that this machine can run"},
    Advice{"cannot create a temporary file", "Permission denied",
           "let this user write to the directory, or choose another configPath"},
    Advice{"cannot create a temporary file", "No such file or directory",
           "create the directory, or choose another configPath"},
    Advice{
        "cannot bind", "Address already in use",
        "somebody else listens there: end it (`ss -ltnp` names it), or give the service another port or bindAddress"},
    Advice{"cannot bind", "Permission denied",
           "a port below 1024 needs root or CAP_NET_BIND_SERVICE, a unix socket a directory that HAProxy may write to"},
    Advice{"cannot bind", "Cannot assign requested address",
           "this host does not have that address: correct bindAddress"},
    Advice{"cannot bind", "No such file or directory", "the directory of that socket does not exist: create it"},
    Advice{"unknown keyword 'httpclient.ssl.verify'", "",
           "this HAProxy is older than 2.6, for which synapse's own global is made: install 2.6 or later, or give the "
           "router a global of its own"},
    Advice{"unknown keyword", "",
           "this HAProxy does not know the keyword: correct the line, or install a version that does"},
    Advice{"No such file or directory", "[ALERT]",
           "a file that the configuration names is not there: create it, or correct the line"},
    Advice{"unable to find required", "", "a line names a section that is not there: correct it, or add the section"},
};

bool says(std::string_view words, std::string_view part) {
  return words.find(part) != std::string_view::npos;
}

}  // namespace

std::string cannot_connect(const std::string& socket, int error) {
  const std::string what = "cannot connect to HAProxy's runtime socket " + socket + ": " + std::strerror(error);
  switch (error) {
    case ENOENT:
      return what + "; start HAProxy with \"stats socket " + socket +
             " level admin\" in its global. If it runs with that, the socket was deleted: restart it, because a reload "
             "keeps the deleted one";
    case ECONNREFUSED:
      return what + "; HAProxy does not run, or has left this socket: start it";
    case EACCES:
    case EPERM:
      return what +
             "; let this user write to it (\"mode 660 group GROUP\" behind stats socket in global), or run "
             "synapse as a user that may";
    case EAGAIN:
      return what + "; too many connections wait there: HAProxy hangs, or other programs hold its \"stats maxconn\"";
    default:
      return what;
  }
}

std::optional<std::string> level_too_low(const std::string& socket, std::string_view reply) {
  if (!reply.starts_with(kDenied)) return std::nullopt;
  return "HAProxy's runtime socket " + socket +
         " does not allow what is needed: \"Permission denied\"; write \"level admin\" behind it in the global that "
         "this "
         "HAProxy has loaded";
}

std::optional<std::string> denied_by(const std::string& socket, const std::vector<std::string>& replies) {
  for (const auto& reply : replies) {
    if (auto words = level_too_low(socket, reply)) return words;
  }
  return std::nullopt;
}

std::string with_advice(const std::string& words) {
  for (const auto& [said, also, advice] : kAdvice) {
    if (says(words, said) && says(words, also)) {
      return words + (says(words, "\n") ? "\n=> " : "; ") + std::string(advice);
    }
  }
  return words;
}

std::optional<std::string> too_old(const Version& version) {
  if (capabilities_of(version).supported) return std::nullopt;
  return "HAProxy " + to_string(version) +
         " is too old: nothing is promised before 2.4, and every new server needs a "
         "reload before 2.6; install a later one";
}

}  // namespace synapse::haproxy
