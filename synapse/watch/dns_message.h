// DNS messages as a name server would send them, for tests.
#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <cstdint>
#include <string>

namespace synapse {

using namespace std::string_literals;

class DnsMessage {
 public:
  DnsMessage(const std::string& name, int type) : question_(wire(name) + number(type) + number(1)) {}

  DnsMessage& a(const std::string& name, std::uint32_t ttl, const std::string& address) {
    return record(name, 1, ttl, packed(AF_INET, address, 4));
  }
  DnsMessage& aaaa(const std::string& name, std::uint32_t ttl, const std::string& address) {
    return record(name, 28, ttl, packed(AF_INET6, address, 16));
  }
  DnsMessage& cname(const std::string& name, std::uint32_t ttl, const std::string& target) {
    return record(name, 5, ttl, wire(target));
  }
  DnsMessage& srv(const std::string& name, std::uint32_t ttl, int priority, int weight, int port,
                  const std::string& target) {
    return record(name, 33, ttl, number(priority) + number(weight) + number(port) + wire(target));
  }
  DnsMessage& record(const std::string& name, int type, std::uint32_t ttl, const std::string& data) {
    records_ += wire(name) + number(type) + number(1) + number(static_cast<int>(ttl >> 16)) +
                number(static_cast<int>(ttl & 0xFFFF)) + number(static_cast<int>(data.size())) + data;
    ++(further_ ? additional_ : answers_);
    return *this;
  }
  // What follows is in the additional section.
  DnsMessage& further() {
    further_ = true;
    return *this;
  }
  DnsMessage& flags(int flags) {
    flags_ = flags;
    return *this;
  }

  std::string bytes() const {
    return number(0x1234) + number(flags_) + number(1) + number(answers_) + number(0) + number(additional_) +
           question_ + records_;
  }

 private:
  static std::string number(int value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }
  static std::string packed(int family, const std::string& address, std::size_t size) {
    std::string bytes(size, '\0');
    ::inet_pton(family, address.c_str(), bytes.data());
    return bytes;
  }
  static std::string wire(const std::string& name) {
    std::string result;
    for (std::size_t begin = 0; begin < name.size();) {
      const auto end = std::min(name.find('.', begin), name.size());
      result += static_cast<char>(end - begin) + name.substr(begin, end - begin);
      begin = end + 1;
    }
    return result + '\0';
  }

  const std::string question_;
  std::string records_;
  int flags_ = 0x8180;
  int answers_ = 0;
  int additional_ = 0;
  bool further_ = false;
};

}  // namespace synapse
