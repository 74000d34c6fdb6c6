#include "common/zookeeper/acl.h"

#include <array>

namespace common::zookeeper {
namespace {

struct Letter {
  char letter;
  Permission permission;
  std::string_view description;
};

constexpr std::array kLetters{Letter{'c', kCreate, "c (create children)"}, Letter{'d', kDelete, "d (delete children)"},
                              Letter{'r', kRead, "r (read)"}, Letter{'w', kWrite, "w (write)"},
                              Letter{'a', kAdmin, "a (change the ACL)"}};

struct Scheme {
  std::string_view name;
  bool (*takes)(std::string_view id);
  std::string_view form;  // what it takes
};

bool is_anyone(std::string_view id) {
  return id == "anyone";
}
bool is_empty(std::string_view id) {
  return id.empty();
}
bool is_something(std::string_view id) {
  return !id.empty();
}
// The hash is base64 of a SHA-1.
bool is_user_and_hash(std::string_view id) {
  constexpr std::size_t hash_size = 28;
  const auto colon = id.find(':');
  return colon != std::string_view::npos && colon > 0 && id.size() - colon - 1 == hash_size && id.ends_with('=');
}

constexpr std::array kSchemes{
    Scheme{"world", is_anyone, "world:anyone:PERMISSIONS"},
    Scheme{"auth", is_empty, "auth::PERMISSIONS, for the user of `auth`"},
    Scheme{"digest", is_user_and_hash, "digest:USER:BASE64 OF SHA1(USER:PASSWORD):PERMISSIONS"},
    Scheme{"ip", is_something, "ip:ADDRESS or ADDRESS/BITS:PERMISSIONS"},
    Scheme{"sasl", is_something, "sasl:USER:PERMISSIONS"},
    Scheme{"x509", is_something, "x509:SUBJECT:PERMISSIONS"},
};

}  // namespace

Result<AclEntry> parse_acl_entry(std::string_view text) {
  const auto first = text.find(':');
  const auto last = text.rfind(':');
  if (first == std::string_view::npos || first == last) {
    return fail("must be scheme:id:permissions, for example world:anyone:r or auth::cdrwa");
  }
  AclEntry entry{std::string(text.substr(0, first)), std::string(text.substr(first + 1, last - first - 1)), 0};
  const Scheme* scheme = nullptr;
  std::string known;
  for (const auto& candidate : kSchemes) {
    if (candidate.name == entry.scheme) scheme = &candidate;
    known += (known.empty() ? "" : ", ") + std::string(candidate.name);
  }
  if (scheme == nullptr) return fail("unknown scheme \"" + entry.scheme + "\"; known are " + known);
  if (!scheme->takes(entry.id)) return fail("must be " + std::string(scheme->form));
  for (const char c : text.substr(last + 1)) {
    int permission = 0;
    for (const auto& letter : kLetters) {
      if (letter.letter == c) permission = letter.permission;
    }
    if (permission == 0) return fail("unknown permission '" + std::string(1, c) + "'; they are c, d, r, w and a");
    entry.permissions |= permission;
  }
  if (entry.permissions == 0) return fail("permissions are missing: some of cdrwa");
  return entry;
}

int permissions_of(const Acl& acl) {
  int result = 0;
  for (const auto& entry : acl) result |= entry.permissions;
  return result;
}

std::string_view describe(Permission permission) {
  for (const auto& letter : kLetters) {
    if (letter.permission == permission) return letter.description;
  }
  return "";
}

}  // namespace common::zookeeper
