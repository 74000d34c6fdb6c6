#include "common/http/transfer_error.h"

#include <cerrno>

#include <gtest/gtest.h>

namespace common::http {
namespace {

TransferFailure failure(CURLcode code, std::string words) {
  TransferFailure result;
  result.code = code;
  result.words = std::move(words);
  result.target = "https://db:8443/health";
  result.peer = "db:8443";
  return result;
}

TEST(TransferError, NamesWhoRefusedTheConnection) {
  auto refused = failure(CURLE_COULDNT_CONNECT, "Failed to connect to db port 8443 after 0 ms: Couldn't connect");
  refused.os_error = ECONNREFUSED;
  EXPECT_EQ(describe(refused), "connection refused by db:8443");
  refused.peer = "/run/app.sock";
  refused.os_error = ENOENT;
  EXPECT_EQ(describe(refused), "cannot connect to /run/app.sock: No such file or directory");
}

TEST(TransferError, GivesTheReasonOfTheTlsLibrary) {
  EXPECT_EQ(describe(failure(CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: self-signed certificate")),
            "the certificate of https://db:8443/health is not accepted: self-signed certificate");
  EXPECT_EQ(describe(failure(CURLE_SSL_CONNECT_ERROR, "error:0A00010B:SSL routines::wrong version number")),
            "no TLS with https://db:8443/health: wrong version number");
  EXPECT_EQ(describe(failure(CURLE_SSL_CONNECT_ERROR, "Recv failure: Connection reset by peer")),
            "no TLS with https://db:8443/health: Recv failure: Connection reset by peer");
}

TEST(TransferError, NamesTheFileWithoutCertificates) {
  auto unreadable = failure(CURLE_SSL_CACERT_BADFILE, "error setting certificate verify locations");
  EXPECT_EQ(describe(unreadable), "no certificates to verify https://db:8443/health with in the system's store");
  unreadable.ca_file = "/etc/ca.pem";
  EXPECT_EQ(describe(unreadable), "no certificates to verify https://db:8443/health with in /etc/ca.pem");
}

TEST(TransferError, NamesTheProxyThatRefuses) {
  auto refused = failure(CURLE_RECV_ERROR, "Received HTTP code 407 from proxy after CONNECT");
  refused.peer = "proxy 10.0.0.2:3128";
  refused.proxy_status = 407;
  EXPECT_EQ(describe(refused),
            "proxy 10.0.0.2:3128 refuses https://db:8443/health: HTTP 407, it wants another user or password");
  refused.proxy_status = 403;
  EXPECT_EQ(describe(refused), "proxy 10.0.0.2:3128 refuses https://db:8443/health: HTTP 403");
}

TEST(TransferError, TellsWhatIsNoAnswer) {
  EXPECT_EQ(describe(failure(CURLE_GOT_NOTHING, "Empty reply from server")),
            "https://db:8443/health closed the connection without an answer");
  EXPECT_EQ(describe(failure(CURLE_UNSUPPORTED_PROTOCOL, "Received HTTP/0.9 when not allowed")),
            "the answer of https://db:8443/health is not HTTP: Received HTTP/0.9 when not allowed");
  EXPECT_EQ(describe(failure(CURLE_HTTP2, "Remote peer returned unexpected data")),
            "the answer of https://db:8443/health is not HTTP/2: Remote peer returned unexpected data");
  EXPECT_EQ(describe(failure(CURLE_OUT_OF_MEMORY, "")), "asking https://db:8443/health failed");
}

TEST(TransferError, IsOneLine) {
  EXPECT_EQ(describe(failure(CURLE_RECV_ERROR, "a\r\nb\x1b[0m")),
            "the connection to https://db:8443/health broke: a b [0m");
}

}  // namespace
}  // namespace common::http
