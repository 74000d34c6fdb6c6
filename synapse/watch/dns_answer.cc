#include "synapse/watch/dns_answer.h"

#include <algorithm>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <array>
#include <netinet/in.h>
#include <resolv.h>
#include <utility>

#include "common/lower_case.h"

namespace synapse {
namespace {

constexpr int kMostAliases = 16;
constexpr std::size_t kFixedPartOfSrv = 6;

struct Alias {
  std::string name;
  std::string target;
  std::int64_t ttl_s;
};

int number_at(const unsigned char* bytes) {
  return bytes[0] << 8 | bytes[1];
}

// A number with the highest bit set means 0 (RFC 2181, section 8).
std::int64_t ttl_of(const ns_rr& record) {
  return ns_rr_ttl(record) > 0x7FFFFFFF ? 0 : static_cast<std::int64_t>(ns_rr_ttl(record));
}

class Parser {
 public:
  explicit Parser(std::string_view message)
      : begin_(reinterpret_cast<const unsigned char*>(message.data())), end_(begin_ + message.size()) {}

  common::Result<DnsAnswer> parse(DnsType type) {
    const auto broken = common::fail("the answer is damaged");
    if (ns_initparse(begin_, static_cast<int>(end_ - begin_), &message_) != 0) return broken;
    if (ns_msg_getflag(message_, ns_f_qr) == 0) return common::fail("not an answer but a question");
    if (ns_msg_getflag(message_, ns_f_tc) != 0) return common::fail("the answer is cut off");
    if (ns_msg_getflag(message_, ns_f_rcode) != ns_r_noerror) return common::fail("the answer is an error");
    if (ns_msg_count(message_, ns_s_qd) != 1) return broken;
    ns_rr question;
    if (ns_parserr(&message_, ns_s_qd, 0, &question) != 0) return broken;
    if (!read_aliases() || !follow(common::lower_case(ns_rr_name(question)))) return broken;
    if (!read(ns_s_an, type) || !read(ns_s_ar, type)) return broken;
    return std::move(answer_);
  }

 private:
  bool read_aliases() {
    for (int i = 0; i < ns_msg_count(message_, ns_s_an); ++i) {
      ns_rr record;
      if (ns_parserr(&message_, ns_s_an, i, &record) != 0) return false;
      if (ns_rr_class(record) != ns_c_in || ns_rr_type(record) != ns_t_cname) continue;
      const auto target = name_at(ns_rr_rdata(record), ns_rr_rdata(record) + ns_rr_rdlen(record));
      if (!target) return false;
      aliases_.push_back({common::lower_case(ns_rr_name(record)), *target, ttl_of(record)});
    }
    return true;
  }

  // To the name whose records count; false: the aliases go round in circles.
  bool follow(std::string name) {
    for (int steps = 0; steps <= kMostAliases; ++steps) {
      const auto next =
          std::find_if(aliases_.begin(), aliases_.end(), [&](const Alias& alias) { return alias.name == name; });
      if (next == aliases_.end()) {
        owner_ = std::move(name);
        return true;
      }
      keep(next->ttl_s);
      name = next->target;
    }
    return false;
  }

  bool read(ns_sect section, DnsType type) {
    for (int i = 0; i < ns_msg_count(message_, section); ++i) {
      ns_rr record;
      if (ns_parserr(&message_, section, i, &record) != 0) return false;
      if (ns_rr_type(record) == ns_t_opt || ns_rr_class(record) != ns_c_in) continue;
      const auto name = common::lower_case(ns_rr_name(record));
      const bool asked_for = section == ns_s_an && name == owner_;
      if (asked_for && type == DnsType::srv && ns_rr_type(record) == ns_t_srv) {
        if (!read_target(record)) return false;
        continue;
      }
      const auto address = address_of(record);
      if (address.empty()) continue;
      if (asked_for && ns_rr_type(record) == (type == DnsType::a ? ns_t_a : ns_t_aaaa) && type != DnsType::srv) {
        answer_.addresses.push_back({name, address});
        keep(ttl_of(record));
      } else if (section == ns_s_ar && type == DnsType::srv) {
        answer_.further.push_back({name, address});
        keep(ttl_of(record));
      }
    }
    return true;
  }

  bool read_target(const ns_rr& record) {
    const auto* data = ns_rr_rdata(record);
    if (ns_rr_rdlen(record) <= kFixedPartOfSrv) return false;
    const auto name = name_at(data + kFixedPartOfSrv, data + ns_rr_rdlen(record));
    if (!name) return false;
    answer_.targets.push_back({number_at(data), number_at(data + 2), number_at(data + 4), *name});
    keep(ttl_of(record));
    return true;
  }

  // Empty: it is not of a kind that is of interest, or not as long as one is.
  static std::string address_of(const ns_rr& record) {
    const bool v4 = ns_rr_type(record) == ns_t_a && ns_rr_rdlen(record) == NS_INADDRSZ;
    const bool v6 = ns_rr_type(record) == ns_t_aaaa && ns_rr_rdlen(record) == NS_IN6ADDRSZ;
    if (!v4 && !v6) return {};
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(v4 ? AF_INET : AF_INET6, ns_rr_rdata(record), text.data(), text.size());
    return text.data();
  }

  // The name that fills the bytes, whatever it points at.
  std::optional<std::string> name_at(const unsigned char* at, const unsigned char* end) const {
    std::array<char, NS_MAXDNAME> text{};
    const int length = ::dn_expand(begin_, end_, at, text.data(), static_cast<int>(text.size()));
    if (length < 0 || length != end - at) return std::nullopt;
    return common::lower_case(text.data());
  }

  void keep(std::int64_t ttl_s) { answer_.ttl_s = std::min(answer_.ttl_s.value_or(ttl_s), ttl_s); }

  const unsigned char* begin_;
  const unsigned char* end_;
  ns_msg message_{};
  std::vector<Alias> aliases_;
  std::string owner_;
  DnsAnswer answer_;
};

}  // namespace

common::Result<DnsAnswer> parse_dns_answer(std::string_view message, DnsType type) {
  return Parser(message).parse(type);
}

}  // namespace synapse
