#include "synapse/haproxy/frontends.h"

#include <algorithm>
#include <iterator>

#include "synapse/haproxy/words.h"

namespace synapse::haproxy {
namespace {

// Names, states and numbers hold no comma; what may hold one, and is then quoted, stands behind the state.
std::vector<std::string_view> comma_fields(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

std::size_t column(const std::vector<std::string_view>& header, std::string_view name) {
  return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
}

}  // namespace

std::vector<std::string> parse_paused(std::string_view reply) {
  constexpr std::string_view kMark = "# ";
  std::vector<std::string> paused;
  const auto start = reply.find(kMark);
  if (start == std::string_view::npos) return paused;
  reply.remove_prefix(start + kMark.size());
  const auto header = comma_fields(reply.substr(0, reply.find('\n')));
  const auto name = column(header, "pxname");
  const auto kind = column(header, "svname");
  const auto state = column(header, "status");
  const auto last = std::max({name, kind, state});
  while (!reply.empty()) {
    const auto line = reply.substr(0, reply.find('\n'));
    reply.remove_prefix(std::min(line.size() + 1, reply.size()));
    const auto fields = comma_fields(line);
    if (fields.size() <= last || fields[kind] != "FRONTEND" || fields[state] != "PAUSED") continue;
    const std::string frontend(fields[name]);
    if (command_word(frontend) == frontend) paused.push_back(frontend);
  }
  return paused;
}

std::string enable_frontend(const std::string& frontend) {
  return "enable frontend " + frontend;
}

std::vector<std::string> paused_by_load(const std::vector<std::string>& paused,
                                        const std::vector<std::string>& before) {
  std::vector<std::string> found;
  std::copy_if(paused.begin(), paused.end(), std::back_inserter(found), [&](const std::string& frontend) {
    return std::find(before.begin(), before.end(), frontend) == before.end();
  });
  return found;
}

}  // namespace synapse::haproxy
