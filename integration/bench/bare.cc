// The least program that does what one of ours is measured by: the floor of a benchmark. One thread, blocking sockets,
// no library, nothing kept from one event to the next but what it takes, no answer to any fault but to end.
//
//   bare follow ZOOKEEPER_PORT HAPROXY_SOCKET PATH BACKEND [PATH BACKEND...]
//       Synapse: follows the records below each path and sends HAProxy a command for each that comes, changes or goes.
//       Each record costs what it must: a list and a read for one that came, a read for one that changed, a list for
//       one that went, and one exchange on a connection to HAProxy that stays open. Says "ready" when it knows all.
//   bare check SECONDS PORT...
//       Nerve: each second a tcp and an http check of each port, all of them one after the other. Says how many there
//       were and what CPU time they took.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <set>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace {

[[noreturn]] void end(const char* why) {
  std::perror(why);
  std::exit(1);
}

int connect_tcp(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) end("connect");
  return socket;
}

void send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) end("send");
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

class Haproxy {
 public:
  explicit Haproxy(const char* path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) end("connect to HAProxy");
    tell("prompt\n", 1);
  }

  // Waits until `commands` of them have been answered, each with a prompt behind an empty line.
  void tell(const std::string& text, int commands) {
    send_all(socket_, text);
    std::string answers;
    char part[4096];
    for (int prompts = 0; prompts < commands;) {
      const auto got = ::recv(socket_, part, sizeof part, 0);
      if (got <= 0) end("HAProxy's answer");
      answers.append(part, static_cast<std::size_t>(got));
      prompts = 0;
      for (auto at = answers.find("\n> "); at != std::string::npos; at = answers.find("\n> ", at + 3)) ++prompts;
    }
  }

 private:
  int socket_;
};

// ZooKeeper's protocol: big-endian numbers, texts with their length before them, packets likewise.
struct Packet {
  std::string bytes;
  std::size_t at = 0;

  std::int32_t number() {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    at += sizeof value;
    return static_cast<std::int32_t>(ntohl(value));
  }
  std::string text() {
    const auto size = static_cast<std::size_t>(std::max(0, number()));
    at += size;
    return bytes.substr(at - size, size);
  }
};

void put(std::string& packet, std::int32_t value) {
  const auto swapped = htonl(static_cast<std::uint32_t>(value));
  packet.append(reinterpret_cast<const char*>(&swapped), sizeof swapped);
}

class Zookeeper {
 public:
  static constexpr int kEvent = -1;
  static constexpr int kGet = 4;
  static constexpr int kList = 8;

  explicit Zookeeper(int port) : socket_(connect_tcp(port)) {
    const int one = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    std::string request;
    for (const int value : {0, 0, 0, 600'000, 0, 0, 16, 0, 0, 0, 0}) put(request, value);
    send(request + std::string(1, '\0'));
    next();
  }

  // Reads a node, or the list of its children, and leaves a watch; the number by which the answer is known.
  int ask(int kind, const std::string& path) {
    std::string request;
    put(request, ++last_);
    put(request, kind);
    put(request, static_cast<std::int32_t>(path.size()));
    send(request + path + '\1');
    return last_;
  }

  Packet next() {
    for (;;) {
      if (received_.size() >= 4) {
        const auto size = static_cast<std::size_t>(Packet{received_.substr(0, 4)}.number());
        if (received_.size() >= 4 + size) {
          Packet packet{received_.substr(4, size)};
          received_.erase(0, 4 + size);
          return packet;
        }
      }
      char part[65536];
      const auto got = ::recv(socket_, part, sizeof part, 0);
      if (got <= 0) end("ZooKeeper's answer");
      received_.append(part, static_cast<std::size_t>(got));
    }
  }

 private:
  void send(const std::string& packet) {
    std::string framed;
    put(framed, static_cast<std::int32_t>(packet.size()));
    send_all(socket_, framed + packet);
  }

  int socket_;
  int last_ = 0;
  std::string received_;
};

struct Record {
  std::string port;
  std::string weight;
};

std::string number_behind(const std::string& text, const char* key) {
  const auto at = text.find(key);
  if (at == std::string::npos) return "";
  const auto begin = at + std::strlen(key);
  return text.substr(begin, text.find_first_not_of("0123456789", begin) - begin);
}

class Follower {
 public:
  Follower(int zookeeper_port, const char* socket, char** pairs) : zookeeper_(zookeeper_port), haproxy_(socket) {
    for (; pairs[0] != nullptr; pairs += 2) backends_[pairs[0]] = pairs[1];
  }

  [[noreturn]] void run() {
    for (const auto& [path, backend] : backends_) list(path);
    for (bool ready = false;;) {
      if (!ready && asked_.empty()) {
        ready = true;
        std::puts("ready");
        std::fflush(stdout);
      }
      take(zookeeper_.next(), ready);
    }
  }

 private:
  struct Question {
    std::string path;
    bool list;
  };

  void list(const std::string& path) { asked_[zookeeper_.ask(Zookeeper::kList, path)] = {path, true}; }
  void read(const std::string& path) { asked_[zookeeper_.ask(Zookeeper::kGet, path)] = {path, false}; }

  void take(Packet packet, bool ready) {
    const int number = packet.number();
    packet.at += 8;  // the transaction
    const int error = packet.number();
    if (number == Zookeeper::kEvent) {
      constexpr int kDataChanged = 3;
      constexpr int kChildrenChanged = 4;
      const int type = packet.number();
      packet.number();  // the session's state
      const auto path = packet.text();
      if (type == kChildrenChanged) list(path);
      if (type == kDataChanged) read(path);
      return;
    }
    const auto question = asked_.extract(number);
    if (question.empty() || error != 0) return;
    const auto& [path, is_list] = question.mapped();
    is_list ? take_list(path, packet) : take_record(path, packet, ready);
  }

  void take_list(const std::string& path, Packet& packet) {
    std::set<std::string> names;
    for (int count = packet.number(); count > 0; --count) names.insert(packet.text());
    auto& known = listed_[path];
    for (const auto& name : known) {
      if (names.contains(name)) continue;
      haproxy_.tell("set server " + backends_[path] + "/" + name + " state maint\n", 1);
    }
    for (const auto& name : names) {
      if (!known.contains(name)) read(path + "/" + name);
    }
    known = std::move(names);
  }

  void take_record(const std::string& path, Packet& packet, bool ready) {
    const auto data = packet.text();
    const Record record{number_behind(data, "\"port\":"), number_behind(data, "\"weight\":")};
    const auto slash = path.rfind('/');
    const auto server = backends_[path.substr(0, slash)] + path.substr(slash);
    const auto known = records_.find(path);
    if (ready && known == records_.end()) {
      haproxy_.tell("add server " + server + " 127.255.0.1:" + record.port + " weight " + record.weight +
                        "\nset server " + server + " state ready\n",
                    2);
    } else if (ready) {  // before that HAProxy has it from its file
      std::string text;
      int commands = 1;
      if (record.port != known->second.port) {
        text += "set server " + server + " addr 127.255.0.1 port " + record.port + "\n";
        ++commands;
      }
      if (record.weight != known->second.weight) {
        text += "set server " + server + " weight " + record.weight + "\n";
        ++commands;
      }
      haproxy_.tell(text + "set server " + server + " state ready\n", commands);
    }
    records_[path] = record;
  }

  Zookeeper zookeeper_;
  Haproxy haproxy_;
  std::map<std::string, std::string> backends_;
  std::map<std::string, std::set<std::string>> listed_;
  std::map<std::string, Record> records_;  // also of those that went: HAProxy keeps them
  std::map<int, Question> asked_;
};

int check_all(double seconds, char** ports) {
  const auto before = std::clock();
  static constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  timespec due{};
  ::clock_gettime(CLOCK_MONOTONIC, &due);
  long checks = 0;
  for (int second = 0; second < static_cast<int>(seconds); ++second) {
    for (char** port = ports; *port != nullptr; ++port) {
      const int number = std::atoi(*port);
      ::close(connect_tcp(number));
      const int socket = connect_tcp(number);
      send_all(socket, kRequest);
      char answer[4096];
      if (::recv(socket, answer, sizeof answer, 0) <= 0) end("answer");
      ::close(socket);
      checks += 2;
    }
    ++due.tv_sec;
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr);
  }
  std::printf("[%ld, %.6f]\n", checks, static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view what = count > 1 ? arguments[1] : "";
  if (what == "follow" && count >= 6 && count % 2 == 0) {
    Follower(std::atoi(arguments[2]), arguments[3], arguments + 4).run();
  }
  if (what == "check" && count >= 4) return check_all(std::atof(arguments[2]), arguments + 3);
  std::fputs("usage: bare follow ZOOKEEPER_PORT HAPROXY_SOCKET PATH BACKEND... | bare check SECONDS PORT...\n", stderr);
  return 2;
}
