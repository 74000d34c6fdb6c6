#include "nerve/report/zookeeper_config.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/algorithm/string/join.hpp>

#include "common/file/secret_file.h"
#include "common/registration/validate.h"
#include "common/zookeeper/hosts.h"

namespace nerve {
namespace {

namespace zk = common::zookeeper;
using common::ObjectReader;

struct NodeType {
  std::string_view name;
  bool ephemeral;
  bool sequential;
};
constexpr std::array kNodeTypes{NodeType{"ephemeral", true, false}, NodeType{"ephemeral_sequential", true, true},
                                NodeType{"persistent", false, false}, NodeType{"persistent_sequential", false, true}};

void read_place(ObjectReader& object, ZookeeperOptions& options) {
  const auto hosts = object.texts("hosts");
  if (!object.has("hosts")) {
    object.self().error("a zookeeper reporter needs hosts: a list of host:port");
  } else if (object.find("hosts")->is_list()) {
    options.hosts = zk::join_hosts(hosts);
    const auto good = zk::check_hosts(options.hosts);
    if (!good) object.error("hosts", good.error().message);
  }
  options.path = object.required_text("path");
  if (options.path.size() > 1 && options.path.ends_with('/')) options.path.pop_back();
  if (const auto good = zk::check_path(options.path); !good && !options.path.empty()) {
    object.error("path", good.error().message + ", got " + common::quote_for_log(options.path));
  }
}

NodeForm read_form(ObjectReader& object) {
  std::vector<std::string> names;
  for (const auto& type : kNodeTypes) names.emplace_back(type.name);
  const auto name = object.one_of("nodeType", names.front(), names);
  NodeForm form;
  for (const auto& type : kNodeTypes) {
    if (type.name == name) form = {type.ephemeral, type.sequential, false};
  }
  form.path_encoded = object.boolean("pathEncoding", false);
  return form;
}

// The first line: editors put a line break at the end.
std::string read_password_file(ObjectReader& object, const std::string& path) {
  constexpr std::size_t max_size = 4096;
  const auto text = common::read_secret_file(path, "the password", max_size, common::SecretReaders::owner_and_group);
  if (!text) {
    object.error("passwordFile", text.error().message);
    return "";
  }
  auto password = text->substr(0, text->find_first_of("\r\n"));
  if (password.empty()) object.error("passwordFile", path + " holds no password in its first line");
  return password;
}

void read_auth(ObjectReader& object, ZookeeperOptions& options) {
  const auto found = object.find("auth");
  if (!found) return;
  ObjectReader auth(*found);
  zk::Credentials& credentials = options.auth;
  credentials.username = auth.required_text("username");
  if (credentials.username.find(':') != std::string::npos) auth.error("username", "must not contain ':'");
  if (auth.has("password") == auth.has("passwordFile")) {
    auth.self().error("needs either password or passwordFile");
    auth.ignore("password");
    auth.ignore("passwordFile");
  } else if (auth.has("password")) {
    credentials.password = auth.required_text("password");
  } else {
    options.password_file = auth.required_text("passwordFile");
    credentials.password = read_password_file(auth, options.password_file);
  }
  auth.finish();
}

void read_acl(ObjectReader& object, ZookeeperOptions& options) {
  const bool logged_in = !options.auth.username.empty();
  if (!object.has("acl")) {
    // Readers log in seldom.
    if (logged_in) options.acl = {{"auth", "", zk::kAll}, {"world", "anyone", zk::kRead}};
    return;
  }
  const auto items = object.items("acl");
  for (const auto& item : items) {
    const auto text = item.text();
    auto entry = zk::parse_acl_entry(text);
    if (!entry) {
      item.error(entry.error().message);
    } else if (entry->scheme == "auth" && !logged_in) {
      item.error("the scheme auth means the user of `auth`, which is missing");
    } else {
      options.acl.push_back(*std::move(entry));
    }
  }
  if (items.empty()) object.error("acl", "must be a list with at least one entry; leave it out for open nodes");
  if (items.empty() || options.acl.size() != items.size()) return;
  for (const auto needed : {zk::kCreate, zk::kDelete, zk::kRead, zk::kWrite}) {
    if ((zk::permissions_of(options.acl) & needed) == 0)
      object.error("acl", "allows " + std::string(zk::describe(needed)) + " to nobody; nerve itself needs it");
  }
}

}  // namespace

ZookeeperOptions read_zookeeper_options(ObjectReader& object) {
  ZookeeperOptions options;
  read_place(object, options);
  options.connection_timeout = object.milliseconds("connectionTimeoutInMilli", options.connection_timeout);
  options.refresh_interval = object.milliseconds("refreshIntervalInMilli", options.refresh_interval);
  options.expose_on_unavailable = object.boolean("exposeOnUnavailable", options.expose_on_unavailable);
  options.expose_on_disable = object.boolean("exposeOnDisable", options.expose_on_disable);
  options.node = read_form(object);
  read_auth(object, options);
  read_acl(object, options);
  return options;
}

std::string ensemble_of(const ZookeeperOptions& options) {
  const auto servers = zk::split_hosts(options.hosts).servers;
  std::vector<std::string> all;
  for (std::size_t begin = 0; begin <= servers.size();) {
    const auto end = std::min(servers.find(',', begin), servers.size());
    all.push_back(servers.substr(begin, end - begin));
    begin = end + 1;
  }
  std::sort(all.begin(), all.end());
  return boost::algorithm::join(all, ",");
}

std::string path_with_chroot(const ZookeeperOptions& options) {
  const auto path = zk::split_hosts(options.hosts).chroot + (options.path == "/" ? "" : options.path);
  return path.empty() ? "/" : path;
}

}  // namespace nerve
