#include "common/config/mask.h"

#include <gtest/gtest.h>

namespace common {
namespace {

TEST(Mask, PasswordsWithinTexts) {
  EXPECT_EQ(mask_secrets("amqp://nerve:hunter2@127.0.0.1:5672/"), "amqp://nerve:***@127.0.0.1:5672/");
  EXPECT_EQ(mask_secrets("http://a:p@ss@host/path"), "http://a:***@host/path");
  EXPECT_EQ(mask_secrets("root:hunter2@tcp(127.0.0.1:3306)/db?timeout=1s"),
            "root:***@tcp(127.0.0.1:3306)/db?timeout=1s");
  EXPECT_EQ(mask_secrets("host=db user=nerve password=hunter2 sslmode=disable"),
            "host=db user=nerve password=*** sslmode=disable");
  EXPECT_EQ(mask_secrets("--Password=hunter2"), "--Password=***");
}

TEST(Mask, LeavesOtherTextsAlone) {
  for (const auto* text :
       {"http://127.0.0.1:80/a", "127.0.0.1:2181", "world:anyone:r", "bob@example.org", "http://host/path?x=1"}) {
    EXPECT_EQ(mask_secrets(text), text);
  }
}

// The arguments after masking, joined.
std::string command(const std::vector<std::string>& arguments) {
  std::string joined;
  for (const auto& argument : mask_command(arguments)) joined += (joined.empty() ? "" : " | ") + argument;
  return joined;
}

TEST(Mask, TheArgumentBehindATellingOption) {
  EXPECT_EQ(command({"x", "--password", "hunter2", "y"}), "x | --password | *** | y");
  EXPECT_EQ(command({"x", "--Db-Pass", "--odd", "y"}), "x | --Db-Pass | *** | y");
  EXPECT_EQ(command({"x", "--api-key=hunter2", "y"}), "x | --api-key=*** | y");
  EXPECT_EQ(command({"redis-cli", "-a", "hunter2", "-h", "db"}), "redis-cli | -a | *** | -h | db");
  EXPECT_EQ(command({"mysqladmin", "-u", "root", "-phunter2", "ping"}), "mysqladmin | -u | *** | -p*** | ping");
  EXPECT_EQ(command({"curl", "-d", "hunter2", "--data-raw", "hunter2"}), "curl | -d | *** | --data-raw | ***");
  EXPECT_EQ(command({"x", "--password"}), "x | --password");
  EXPECT_EQ(command({"x", "--no-auth", "--password", "hunter2", "y"}), "x | --no-auth | *** | *** | y");
  EXPECT_EQ(command({}), "");
}

TEST(Mask, WhatIsJoinedToAShortOption) {
  EXPECT_EQ(command({"curl", "-ubob:hunter2", "-d{hunter2}", "-HX-Auth: hunter2", "-HAccept: */*", "-s"}),
            "curl | -u*** | -d*** | -HX-Auth: *** | -HAccept: */* | -s");
  EXPECT_EQ(command({"mysql", "-phunter2=hunter2"}), "mysql | -p***");
  EXPECT_EQ(command({"x", "-phunter2pass", "-password", "hunter2", "-pwd=hunter2"}),
            "x | -p*** | *** | *** | -pwd=***");
  EXPECT_EQ(command({"x", "-password", "hunter2", "-dbpass", "hunter2"}), "x | -password | *** | -d*** | ***");
}

TEST(Mask, NotTheNameOfAFile) {
  EXPECT_EQ(command({"x", "--password-file", "/run/db", "--key-path=/k"}),
            "x | --password-file | /run/db | --key-path=/k");
}

TEST(Mask, HeadersAndUrlsOfCommands) {
  EXPECT_EQ(command({"curl", "-H", "X-Auth: hunter2", "-H", "Accept: text/html", "http://h/a?q=hunter2"}),
            "curl | -H | X-Auth: *** | -H | Accept: text/html | http://h/a?***");
  EXPECT_EQ(command({"curl", "--header=Cookie: hunter2", "http://u:hunter2@h/"}),
            "curl | --header=Cookie: *** | http://u:***@h/");
}

TEST(Mask, LinesOfAShell) {
  EXPECT_EQ(command({"sh", "-c", "redis-cli -a 'hunter2 x' ping && curl -H 'X-Auth: hunter2' h"}),
            "sh | -c | redis-cli -a *** ping && curl -H 'X-Auth: *** h");
  EXPECT_EQ(command({"sh", "-c", "PGPASSWORD=hunter2 psql"}), "sh | -c | PGPASSWORD=*** psql");
  EXPECT_EQ(command({"sh", "-c", "bash -c 'x --token hunter2'"}), "sh | -c | bash -c 'x --token ***'");
  EXPECT_EQ(command({"sh", "-c", "test -e /run/ok"}), "sh | -c | test -e /run/ok");
}

TEST(Mask, WordsOfHaproxyLines) {
  EXPECT_EQ(mask_haproxy_line("stats auth admin:hunter2"), "stats auth ***");
  EXPECT_EQ(mask_haproxy_line("user bob insecure-password hunter2 groups a"),
            "user bob insecure-password *** groups a");
  EXPECT_EQ(mask_haproxy_line("user bob password $6$hunter2"), "user bob password ***");
  EXPECT_EQ(mask_haproxy_line("http-check send hdr authorization \"Basic hunter2\" ver x"),
            "http-check send hdr authorization ***");
  EXPECT_EQ(mask_haproxy_line("http-request deny unless { req.hdr(X-Api-Key) -m str hunter2 }"),
            "http-request deny unless { req.hdr(X-Api-Key) ***");
  EXPECT_EQ(mask_haproxy_line("tcp-check send AUTH\\ hunter2\\r\\n"), "tcp-check send ***");
  EXPECT_EQ(mask_haproxy_line("  setenv PW hunter2"), "  setenv PW ***");
  EXPECT_EQ(mask_haproxy_line("cookie SRV insert dynamic dynamic-cookie-key hunter2"),
            "cookie SRV insert dynamic dynamic-cookie-key ***");
  EXPECT_EQ(mask_haproxy_line("http-request deny unless { var(txn.jwt),jwt_verify(txn.alg,\"hunter2\") 1 }"),
            "http-request deny unless { ***");
  EXPECT_EQ(mask_haproxy_line("  command exporter --password hunter2 -v"), "  command exporter --password *** -v");
  for (const auto* line : {"timeout connect 5s", "cookie SRV insert indirect", "stats socket /s level admin", "",
                           "server a 10.0.0.1:80 check", "option httpchk GET /health"}) {
    EXPECT_EQ(mask_haproxy_line(line), line);
  }
}

TEST(Mask, KnowsSecretsByTheirKeys) {
  for (const auto* key : {"password", "proxyPassword", "api_key", "API-Key", "apiToken", "clientSecret", "accessKey"}) {
    EXPECT_TRUE(is_secret_key(key)) << key;
  }
  for (const auto* key : {"passwordFile", "tokenPath", "port", "keys", "path"}) EXPECT_FALSE(is_secret_key(key)) << key;
}

}  // namespace
}  // namespace common
