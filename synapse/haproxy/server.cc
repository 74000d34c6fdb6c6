#include "synapse/haproxy/server.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <utility>

#include <boost/algorithm/string/join.hpp>

#include "common/digits.h"
#include "common/registration/validate.h"
#include "synapse/haproxy/rendered_words.h"
#include "synapse/haproxy/server_keywords.h"
#include "synapse/haproxy/words.h"

namespace synapse::haproxy {

namespace {

std::optional<int> parse_weight(const std::string& word) {
  auto value = unquote(word);
  if (!value) return std::nullopt;
  return common::number_in(*value, 0, 256);
}

// IPv4 has only one spelling that is accepted.
std::optional<std::array<unsigned char, 16>> ipv6_bytes(std::string_view address) {
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET6, std::string(address).c_str(), bytes.data()) != 1) return std::nullopt;
  return bytes;
}

// Without quoting, blanks and comments a word is a whole word.
bool is_plain(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f &&
           std::string_view("\"'\\#").find(c) == std::string_view::npos;
  });
}

bool may_be_a_field(std::string_view word) {
  return word.find("weight") != std::string_view::npos || word.find("abled") != std::string_view::npos ||
         !is_plain(word);
}

}  // namespace

bool is_normalised(const ServerSpec& server) {
  return std::none_of(server.options.begin(), server.options.end(), may_be_a_field);
}

ServerSpec normalised(ServerSpec server) {
  if (is_normalised(server)) return server;
  std::vector<std::string> options;
  for (auto& group : group_options(server.options)) {
    if (group.is("enabled") || group.is("disabled")) {
      server.enabled = group.is("enabled");
      continue;
    }
    if (group.is("weight")) {
      if (auto weight = parse_weight(group.words[1])) {
        server.weight = *weight;
        continue;
      }
    }
    for (auto& word : group.words) options.push_back(std::move(word));
  }
  server.options = std::move(options);
  return server;
}

std::optional<std::string> unsound(const ServerSpec& server) {
  if (!common::is_server_name(server.name)) return "not a server name: " + common::quote_for_log(server.name);
  if (is_socket(server.address)) {
    if (!common::is_socket_path(server.address) || server.port != 0) {
      return server.name + ": not the path of a unix socket: " + common::quote_for_log(server.address);
    }
  } else if (!common::is_ip_address(server.address)) {
    return server.name + ": not an IP address: " + common::quote_for_log(server.address);
  }
  // HAProxy would connect to the address that its client asked for.
  if (common::is_any_address(server.address)) return server.name + ": " + server.address + " is no server's address";
  if (!is_socket(server.address) && (server.port < 1 || server.port > 65535)) {
    return server.name + ": port out of range: " + std::to_string(server.port);
  }
  if (server.weight < 0 || server.weight > 256) {
    return server.name + ": weight out of range: " + std::to_string(server.weight);
  }
  if (std::all_of(server.options.begin(), server.options.end(), is_plain)) return std::nullopt;
  const auto options = boost::algorithm::join(server.options, " ");
  auto split = split_words(options);
  if (!split.has_value()) return server.name + ": options: " + split.error().message;
  // A control character between quotes would become a space in the file, and another word when that is read.
  const bool one_line_each = std::all_of(server.options.begin(), server.options.end(),
                                         [](const std::string& word) { return one_line(word) == word; });
  if (*split != server.options || !one_line_each) {
    return server.name + ": options are not whole words: " + common::quote_for_log(options);
  }
  return std::nullopt;
}

bool is_socket(std::string_view address) {
  return address.starts_with('/');
}

std::string written_address(const ServerSpec& server) {
  if (is_socket(server.address)) return std::string(kSocketPrefix) + server.address;
  return common::host_port(server.address, server.port);
}

bool can_move(std::string_view from, std::string_view to) {
  return from == to || (!is_socket(from) && !is_socket(to));
}

bool same_address(std::string_view a, std::string_view b) {
  if (a == b) return true;
  auto bytes_a = ipv6_bytes(a);
  return bytes_a && bytes_a == ipv6_bytes(b);
}

}  // namespace synapse::haproxy
