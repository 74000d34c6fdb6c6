#include "nerve/check/dsn.h"

#include <gtest/gtest.h>

namespace nerve {
namespace {

using std::chrono::milliseconds;

std::string error_of(const auto& result) {
  return result ? "no error" : result.error().message;
}

TEST(MysqlDsn, ReadsGoSqlDriversForm) {
  const auto dsn =
      parse_mysql_dsn("nerve:secret@tcp(10.0.0.1:3307)/shop?timeout=500ms&tls=skip-verify&charset=utf8mb4");
  ASSERT_TRUE(dsn) << error_of(dsn);
  EXPECT_EQ(*dsn, (MysqlDsn{.username = "nerve",
                            .password = "secret",
                            .host = "10.0.0.1",
                            .port = 3307,
                            .socket_path = "",
                            .database = "shop",
                            .tls = MysqlDsn::Tls::unverified,
                            .charset = "utf8mb4",
                            .variables = {},
                            .timeout = milliseconds(500)}));
}

TEST(MysqlDsn, HasDefaults) {
  EXPECT_EQ(parse_mysql_dsn("/").value(), MysqlDsn{});
  EXPECT_EQ(parse_mysql_dsn("tcp/").value(), MysqlDsn{});
  EXPECT_EQ(parse_mysql_dsn("root@tcp(db)/").value().port, 3306);
  EXPECT_EQ(parse_mysql_dsn("root@tcp(:3307)/").value().host, "127.0.0.1");
  EXPECT_EQ(parse_mysql_dsn("root@unix/").value().socket_path, "/tmp/mysql.sock");
}

TEST(MysqlDsn, ReadsAUnixSocket) {
  const auto dsn = parse_mysql_dsn("root@unix(/run/mysqld/mysqld.sock)/mysql");
  ASSERT_TRUE(dsn) << error_of(dsn);
  EXPECT_EQ(dsn->socket_path, "/run/mysqld/mysqld.sock");
  EXPECT_EQ(dsn->database, "mysql");
}

TEST(MysqlDsn, TakesBracketsAroundAnyHost) {
  EXPECT_EQ(parse_mysql_dsn("a:b@tcp([::1]:3306)/").value().host, "::1");
  EXPECT_EQ(parse_mysql_dsn("a:b@tcp([127.0.0.1]:3306)/").value().host, "127.0.0.1");
  EXPECT_EQ(parse_mysql_dsn("a:b@tcp([db.example.org]:3306)/").value().host, "db.example.org");
}

TEST(MysqlDsn, APasswordMayHoldAnything) {
  const auto dsn = parse_mysql_dsn("root:a:b@c/d(e)?f=g@tcp(h:1)/");
  ASSERT_TRUE(dsn) << error_of(dsn);
  EXPECT_EQ(dsn->username, "root");
  EXPECT_EQ(dsn->password, "a:b@c/d(e)?f=g");
  EXPECT_EQ(dsn->host, "h");
}

TEST(MysqlDsn, OtherParametersAreVariablesOfTheSession) {
  const auto dsn = parse_mysql_dsn("/db?parseTime=true&time_zone=%27%2B00%3A00%27&sql_mode=ANSI");
  ASSERT_TRUE(dsn) << error_of(dsn);
  EXPECT_EQ(dsn->variables, (std::map<std::string, std::string>{{"sql_mode", "ANSI"}, {"time_zone", "'+00:00'"}}));
}

TEST(MysqlDsn, ReadsGosDurations) {
  const auto timeout = [](const std::string& text) {
    const auto dsn = parse_mysql_dsn("/?timeout=" + text);
    return dsn ? dsn->timeout.value_or(milliseconds(-1)).count() : -2;
  };
  EXPECT_EQ(timeout("1s"), 1000);
  EXPECT_EQ(timeout("1.5s"), 1500);
  EXPECT_EQ(timeout("1m30s"), 90'000);
  EXPECT_EQ(timeout("250us"), 1) << "not none";
  EXPECT_EQ(timeout("0"), -1) << "no limit";
  for (const char* none : {"1", "s", "-1s", "1x", "", "999999999h", "nans"}) EXPECT_EQ(timeout(none), -2) << none;
}

TEST(MysqlDsn, RefusesWhatItCannotUseWithoutShowingIt) {
  for (const char* text :
       {"root:hunter2@tcp(h:1)", "root:hunter2@tcp(h:1", "root:hunter2@udp(h:1)/", "root:hunter2/@h:1/",
        "hunter2(h:1)/", "root:hunter2@tcp(h:hunter2)/", "root:hunter2@tcp(h:70000)/", "root:hunter2@tcp(::1:3306)/",
        "root:hunter2@tcp(hunter2!)/", "root:hunter2@tcp([::1)/", "r:hunter2@tcp(h:1)/?tls=hunter2",
        "r@tcp(h:1)/?timeout=hunter2", "r@tcp(h:1)/?;hunter2=1"}) {
    const auto dsn = parse_mysql_dsn(text);
    EXPECT_FALSE(dsn) << text;
    EXPECT_EQ(error_of(dsn).find("hunter2"), std::string::npos) << error_of(dsn);
  }
  EXPECT_EQ(error_of(parse_mysql_dsn("root:x@tcp(h:1)")),
            "must have a '/' before the database, also without one; the form is "
            "user:password@tcp(host:port)/database?key=value");
  EXPECT_EQ(error_of(parse_mysql_dsn(std::string("a\0b@/", 5))), "must not contain a NUL character");
}

TEST(PostgresDsn, ReadsAUrl) {
  const auto dsn = parse_postgres_dsn("postgres://nerve:se%40cret@[::1]:5433/shop?sslmode=disable&connect_timeout=2");
  ASSERT_TRUE(dsn) << error_of(dsn);
  EXPECT_EQ(*dsn,
            (PostgresDsn{
                .host = "::1",
                .port = 5433,
                .parameters = {{"dbname", "shop"}, {"password", "se@cret"}, {"sslmode", "disable"}, {"user", "nerve"}},
                .timeout = milliseconds(2000)}));
}

TEST(PostgresDsn, ReadsWords) {
  const auto dsn =
      parse_postgres_dsn(R"( user = nerve password='it\'s \\ here' host=db.example.org dbname=a\ b port='5433' )");
  ASSERT_TRUE(dsn) << error_of(dsn);
  EXPECT_EQ(*dsn, (PostgresDsn{.host = "db.example.org",
                               .port = 5433,
                               .parameters = {{"dbname", "a b"}, {"password", R"(it's \ here)"}, {"user", "nerve"}},
                               .timeout = {}}));
}

TEST(PostgresDsn, HasLibPqsDefaults) {
  EXPECT_EQ(parse_postgres_dsn("postgres://").value(), PostgresDsn{});
  EXPECT_EQ(parse_postgres_dsn("").value(), PostgresDsn{});
  EXPECT_EQ(parse_postgres_dsn("").value().host, "localhost");
}

TEST(PostgresDsn, TheHostMayBeTheDirectoryOfASocket) {
  EXPECT_EQ(parse_postgres_dsn("host=/run/postgresql").value().host, "/run/postgresql");
  EXPECT_EQ(parse_postgres_dsn("postgres://%2Frun%2Fpostgresql/db").value().host, "/run/postgresql");
  EXPECT_EQ(parse_postgres_dsn("postgresql:///db?host=/run/postgresql").value().host, "/run/postgresql");
}

TEST(PostgresDsn, OtherParametersAreSettingsOfTheServer) {
  const auto dsn = parse_postgres_dsn("postgres://h/db?search_path=a,%20b&binary_parameters=yes&options=-c%20x%3D1");
  ASSERT_TRUE(dsn) << error_of(dsn);
  EXPECT_EQ(dsn->parameters,
            (std::map<std::string, std::string>{{"dbname", "db"}, {"options", "-c x=1 -c search_path=a,\\ b"}}));
}

TEST(PostgresDsn, RefusesWhatItCannotUseWithoutShowingIt) {
  for (const char* text :
       {"postgres://root:hunt/er2@h/", "postgres://root:hunter2@h:70000/", "postgres://root:hunter2@[::1/",
        "postgres://root:hunter2@h1,h2/", "postgres://root:hunter2@h!/", "password=hunter2 hunter2", "hunter2",
        "password='hunter2", "password=hunter2 port=hunter2", "host=hunter2!", "connect_timeout=hunter2",
        "postgres://h/?hun;ter2=1", "postgres://r:hunter2%00@h/", "mysql://root:hunter2@h/"}) {
    const auto dsn = parse_postgres_dsn(text);
    EXPECT_FALSE(dsn) << text;
    EXPECT_EQ(error_of(dsn).find("hunt"), std::string::npos) << error_of(dsn);
  }
  EXPECT_EQ(error_of(parse_postgres_dsn("host=a,b")), "must name one host; a check asks one server");
  EXPECT_EQ(error_of(parse_postgres_dsn("just text")), "must be a URL, or words of the form key=value");
}

TEST(AmqpUrl, ReadsEveryPart) {
  const auto url = parse_amqp_url("amqp://nerve:a%3Ab@10.0.0.1:5673/a%2Fb");
  ASSERT_TRUE(url) << error_of(url);
  EXPECT_EQ(*url, (AmqpUrl{"nerve", "a:b", "10.0.0.1", 5673, "a/b"}));
}

TEST(AmqpUrl, HasTheBrokersDefaults) {
  EXPECT_EQ(parse_amqp_url("amqp://").value(), AmqpUrl{});
  EXPECT_EQ(parse_amqp_url("amqp://localhost/").value().vhost, "/");
  EXPECT_EQ(parse_amqp_url("amqp://localhost//").value().vhost, "/");
  EXPECT_EQ(parse_amqp_url("amqp://localhost/%2F").value().vhost, "/");
}

TEST(AmqpUrl, RefusesWhatItCannotUseWithoutShowingIt) {
  for (const char* text : {"hunter2", "amqps://a:hunter2@h/", "http://a:hunter2@h/", "amqp://a:hun/ter2@h/",
                           "amqp://a:hunter2@h:0/", "amqp://a:hunter2@h!/", "amqp://a:hunter2%00@h/"}) {
    const auto url = parse_amqp_url(text);
    EXPECT_FALSE(url) << text;
    EXPECT_EQ(error_of(url).find("hun"), std::string::npos) << error_of(url);
  }
  EXPECT_EQ(error_of(parse_amqp_url("amqp://a:b/c@h/")),
            "must have a port from 1 to 65535 after the host; in a user or password, '/' is written as %2F, '?' as "
            "%3F, '#' as %23");
}

}  // namespace
}  // namespace nerve
