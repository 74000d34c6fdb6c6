#include "nerve/check/datasource.h"

#include <gtest/gtest.h>

#include "nerve/check/dsn.h"

namespace nerve {
namespace {

const DatasourceFields kFields{.username = "nerve",
                               .password = "p@ss/w:rd ?#%'\"",
                               .host = "10.0.0.1",
                               .port = 3306,
                               .vhost = "a/b",
                               .timeout = std::chrono::milliseconds(500)};

std::string filled(std::string_view text, DatasourceForm form, const DatasourceFields& fields = kFields) {
  const auto result = fill_in(text, fields, form);
  return result ? *result : "error: " + result.error().message;
}

TEST(Datasource, FillsInTheChecksKeys) {
  EXPECT_EQ(filled("{{.Username}}@tcp([{{ .Host }}]:{{.Port}})/?timeout={{.TimeoutInMilli}}ms", DatasourceForm::mysql),
            "nerve@tcp([10.0.0.1]:3306)/?timeout=500ms");
  EXPECT_EQ(filled("root:literal@/", DatasourceForm::mysql), "root:literal@/");
}

TEST(Datasource, AnyPasswordArrivesAsItIs) {
  const auto mysql = parse_mysql_dsn(filled("{{.Username}}:{{.Password}}@tcp(h:1)/", DatasourceForm::mysql));
  EXPECT_EQ(mysql.value().password, kFields.password);
  const auto url = parse_amqp_url(filled("amqp://{{.Username}}:{{.Password}}@h:1/{{.Vhost}}", DatasourceForm::url));
  EXPECT_EQ(url.value().password, kFields.password);
  EXPECT_EQ(url.value().vhost, "a/b");
  for (const char* text : {"password={{.Password}} dbname=x", "password='{{.Password}}' dbname=x"}) {
    const auto words = parse_postgres_dsn(filled(text, DatasourceForm::words));
    EXPECT_EQ(words.value().parameters.at("password"), kFields.password);
    EXPECT_EQ(words.value().parameters.at("dbname"), "x");
  }
}

TEST(Datasource, ABlankOfAnyKindEndsNoPassword) {
  DatasourceFields fields = kFields;
  fields.password = "a\tb\nc d";
  const auto words = parse_postgres_dsn(filled("password={{.Password}} dbname=x", DatasourceForm::words, fields));
  EXPECT_EQ(words.value().parameters.at("password"), fields.password);
}

TEST(Datasource, AValueThatIsEncodedAlreadyStaysAsItIs) {
  DatasourceFields fields = kFields;
  fields.password = "p%40ss";
  EXPECT_EQ(filled("amqp://u:{{.Password}}@h/", DatasourceForm::url, fields), "amqp://u:p%40ss@h/");
}

TEST(Datasource, AnIpv6AddressGetsItsBrackets) {
  DatasourceFields fields = kFields;
  fields.host = "::1";
  EXPECT_EQ(filled("amqp://{{.Host}}:{{.Port}}/", DatasourceForm::url, fields), "amqp://[::1]:3306/");
  EXPECT_EQ(filled("tcp([{{.Host}}]:{{.Port}})/", DatasourceForm::mysql, fields), "tcp([::1]:3306)/");
  EXPECT_EQ(filled("host={{.Host}}", DatasourceForm::words, fields), "host=::1");
}

TEST(Datasource, NamesWhatMayBeAskedFor) {
  const std::string known = "{{.Username}}, {{.Password}}, {{.Host}}, {{.Port}}, {{.Vhost}}, {{.TimeoutInMilli}}";
  for (const char* text : {"{{.Pasword}}", "{{Password}}", "{{}}", "{{ if .Host }}"}) {
    EXPECT_EQ(filled(text, DatasourceForm::url), "error: has a {{...}} that is not understood; known are " + known);
  }
  EXPECT_EQ(filled("a{{.Host", DatasourceForm::url), "error: has \"{{\" without \"}}\"");
}

}  // namespace
}  // namespace nerve
