#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>

#include "nerve/check/dsn.h"
#include "nerve/check/dsn_parts.h"
#include "nerve/check/url.h"

namespace nerve {
namespace {

using common::fail;
using common::Result;

constexpr std::string_view kMysqlForm = "the form is user:password@tcp(host:port)/database?key=value";

// Of go-sql-driver/mysql; they change how Go code sees the answer, which nobody looks at here.
constexpr std::array kMysqlParametersWithoutMeaning = {"allowAllFiles",
                                                       "allowCleartextPasswords",
                                                       "allowFallbackToPlaintext",
                                                       "allowNativePasswords",
                                                       "allowOldPasswords",
                                                       "checkConnLiveness",
                                                       "clientFoundRows",
                                                       "collation",
                                                       "columnsWithAlias",
                                                       "compress",
                                                       "connectionAttributes",
                                                       "interpolateParams",
                                                       "loc",
                                                       "maxAllowedPacket",
                                                       "multiStatements",
                                                       "parseTime",
                                                       "readTimeout",
                                                       "rejectReadOnly",
                                                       "serverPubKey",
                                                       "timeTruncate",
                                                       "writeTimeout"};

Result<void> read_mysql_network(std::string_view text, MysqlDsn& dsn) {
  const auto open = text.find('(');
  const auto network = text.substr(0, open);
  std::string_view address;
  if (open != std::string_view::npos) {
    if (!text.ends_with(')')) return fail("must have ')' after the address; " + std::string(kMysqlForm));
    address = text.substr(open + 1, text.size() - open - 2);
  }
  if (network == "unix") {
    dsn.socket_path = address.empty() ? "/tmp/mysql.sock" : std::string(address);
    return {};
  }
  if (network != "tcp" && !(network.empty() && text.empty())) {
    return fail("must name the network tcp or unix after the '@'; " + std::string(kMysqlForm));
  }
  const auto where = parse_host_port(address);
  if (!where) return where.error();
  if (!where->host.empty()) dsn.host = where->host;
  dsn.port = where->port.value_or(dsn.port);
  return refuse_bad_host(dsn.host);
}

Result<void> read_mysql_parameter(const std::string& key, const std::string& value, MysqlDsn& dsn) {
  if (key == "timeout") {
    const auto timeout = parse_duration(value);
    if (!timeout) return fail("has a timeout that is no duration such as 500ms or 1s");
    dsn.timeout = limit_of(*timeout);
  } else if (key == "tls") {
    const std::map<std::string, MysqlDsn::Tls> modes{
        {"true", MysqlDsn::Tls::verified},       {"1", MysqlDsn::Tls::verified},
        {"false", MysqlDsn::Tls::off},           {"0", MysqlDsn::Tls::off},
        {"preferred", MysqlDsn::Tls::preferred}, {"skip-verify", MysqlDsn::Tls::unverified}};
    std::string lower = value;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto mode = modes.find(lower);
    if (mode == modes.end()) return fail("must have tls as one of true, false, skip-verify, preferred");
    dsn.tls = mode->second;
  } else if (key == "charset") {
    dsn.charset = value.substr(0, value.find(','));
  } else if (!contains(kMysqlParametersWithoutMeaning, key)) {
    if (!is_setting_name(key)) return fail("has a parameter after the '?' whose name is none");
    dsn.variables[key] = value;
  }
  return {};
}

}  // namespace

Result<MysqlDsn> parse_mysql_dsn(std::string_view text) {
  if (const auto ok = refuse_nul(text); !ok) return ok.error();
  const auto slash = text.rfind('/');
  if (slash == std::string_view::npos) {
    return fail("must have a '/' before the database, also without one; " + std::string(kMysqlForm));
  }
  MysqlDsn dsn;
  auto left = text.substr(0, slash);
  if (const auto at = left.rfind('@'); at != std::string_view::npos) {
    const auto user_part = left.substr(0, at);
    const auto colon = user_part.find(':');
    dsn.username = user_part.substr(0, colon);
    if (colon != std::string_view::npos) dsn.password = user_part.substr(colon + 1);
    left.remove_prefix(at + 1);
  }
  if (const auto ok = read_mysql_network(left, dsn); !ok) return ok.error();

  const auto right = text.substr(slash + 1);
  const auto question = std::min(right.find('?'), right.size());
  dsn.database = percent_decoded(right.substr(0, question));
  for (const auto& [key, value] : parse_query(right.substr(std::min(question + 1, right.size())))) {
    if (const auto ok = read_mysql_parameter(key, value, dsn); !ok) return ok.error();
  }
  return dsn;
}

}  // namespace nerve
