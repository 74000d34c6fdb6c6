#include "common/registration/validate.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>

namespace common {
namespace {

constexpr std::size_t max_server_name = 200;
constexpr std::size_t max_host_name = 253;
constexpr std::size_t max_label = 63;
constexpr std::size_t max_socket_path = 107;  // sun_path, without the closing zero
constexpr std::size_t max_label_name = 128;
constexpr std::size_t max_label_value = 1024;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_word_character(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '_';
}

bool is_name_character(char c) {
  return is_word_character(c) || c == '.' || c == ':';
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

// The longest is an IPv6 address with an IPv4 tail. inet_pton stops at a NUL.
bool parse_ipv6(std::string_view text, in6_addr& address) {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.size() >= copy.size() || text.find('\0') != std::string_view::npos) return false;
  std::copy(text.begin(), text.end(), copy.begin());
  return ::inet_pton(AF_INET6, copy.data(), &address) == 1;
}

// Four decimal numbers without leading zeros: there is no other spelling that inet_pton takes. By hand, as all servers
// are looked at whenever one of them changes.
bool is_ipv4_address(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    std::size_t digits = 0;
    int number = 0;
    while (digits < text.size() && digits < 4 && is_digit(text[digits])) number = number * 10 + (text[digits++] - '0');
    if (digits == 0 || digits > 3 || number > 255 || (digits > 1 && text.front() == '0')) return false;
    text.remove_prefix(digits);
    if (part == 3) return text.empty();
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
  }
  return false;
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= max_label && std::all_of(label.begin(), label.end(), is_word_character) &&
         label.front() != '-' && label.back() != '-';
}

// getaddrinfo reads a name whose last label is a number (also 0x7f) as an IPv4 address in an ancient notation.
bool is_number_label(std::string_view label) {
  if (std::all_of(label.begin(), label.end(), is_digit)) return true;
  return label.size() >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X');
}

}  // namespace

bool is_server_name(std::string_view text) {
  return !text.empty() && text.size() <= max_server_name && std::all_of(text.begin(), text.end(), is_name_character);
}

bool is_ip_address(std::string_view text) {
  return is_ipv4_address(text) || is_ipv6_address(text);
}

bool is_ipv6_address(std::string_view text) {
  in6_addr address;
  return parse_ipv6(text, address);
}

bool is_loopback(std::string_view host) {
  in6_addr address;
  if (parse_ipv6(host, address)) return IN6_IS_ADDR_LOOPBACK(&address);
  return host == "localhost" || (is_ipv4_address(host) && host.starts_with("127."));
}

bool is_any_address(std::string_view text) {
  if (!text.starts_with('0') && !text.starts_with(':')) return false;
  if (is_ipv4_address(text)) return text == "0.0.0.0";
  in6_addr ipv6;
  if (!parse_ipv6(text, ipv6)) return false;
  return IN6_IS_ADDR_UNSPECIFIED(&ipv6) ||
         (IN6_IS_ADDR_V4MAPPED(&ipv6) &&
          std::all_of(ipv6.s6_addr + 12, ipv6.s6_addr + 16, [](unsigned char byte) { return byte == 0; }));
}

bool is_host_name(std::string_view text) {
  if (!text.empty() && text.back() == '.') text.remove_suffix(1);
  if (text.empty() || text.size() > max_host_name) return false;
  for (;;) {
    const auto dot = text.find('.');
    const auto label = text.substr(0, dot);
    if (!is_label(label)) return false;
    if (dot == std::string_view::npos) return !is_number_label(label);
    text.remove_prefix(dot + 1);
  }
}

bool is_socket_path(std::string_view text) {
  return text.size() > 1 && text.size() <= max_socket_path && text.front() == '/' && text.back() != '/' &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_word_character(c) || c == '.' || c == '/'; });
}

bool is_label_name(std::string_view text) {
  return !text.empty() && text.size() <= max_label_name && !has_control(text);
}

bool is_label_value(std::string_view text) {
  return text.size() <= max_label_value && !has_control(text);
}

std::string host_port(std::string_view host, int port) {
  const bool brackets = host.find(':') != std::string_view::npos;
  std::string result = brackets ? "[" : "";
  result += host;
  result += brackets ? "]:" : ":";
  return result + std::to_string(port);
}

std::string quote_for_log(std::string_view text) {
  constexpr std::size_t max_shown = 60;
  constexpr std::string_view hex = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text.substr(0, max_shown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (byte < 0x20 || byte >= 0x7F) {
      result += "\\x";
      result += hex[byte >> 4];
      result += hex[byte & 15];
    } else {
      result += c;
    }
  }
  return result + (text.size() > max_shown ? "\"..." : "\"");
}

}  // namespace common
