#include "common/http/transfer_error.h"

#include <string_view>

#include "common/connect_error.h"
#include "common/foreign_words.h"

namespace common::http {
namespace {

// "SSL certificate problem: self-signed certificate" and "SSL: no alternative ..." without what our own words say.
std::string certificate_words(const std::string& words) {
  std::string_view rest = words;
  for (const std::string_view prefix : {"SSL certificate problem: ", "SSL: "}) {
    if (rest.starts_with(prefix)) rest.remove_prefix(prefix.size());
  }
  return foreign_words(rest);
}

// OpenSSL's "error:0A00010B:SSL routines::wrong version number" ends with the reason.
std::string handshake_words(const std::string& words) {
  const auto reason = words.rfind("::");
  return foreign_words(reason == std::string::npos ? words : words.substr(reason + 2));
}

std::string with_words(std::string message, const std::string& words) {
  return words.empty() ? message : message + ": " + foreign_words(words);
}

}  // namespace

std::string describe(const TransferFailure& failure) {
  const auto& target = failure.target;
  if (failure.proxy_status >= 400) {
    return failure.peer + " refuses " + target + ": HTTP " + std::to_string(failure.proxy_status) +
           (failure.proxy_status == 407 || failure.proxy_status == 401 ? ", it wants another user or password" : "");
  }
  switch (failure.code) {
    case CURLE_COULDNT_CONNECT:
      if (failure.os_error == 0) return with_words("cannot connect to " + failure.peer, failure.words);
      return describe_connect_error({failure.os_error, boost::system::system_category()}, failure.peer);
    case CURLE_PEER_FAILED_VERIFICATION:
      return "the certificate of " + target + " is not accepted: " + certificate_words(failure.words);
    case CURLE_SSL_CACERT_BADFILE:
      return "no certificates to verify " + target + " with in " +
             (failure.ca_file.empty() ? "the system's store" : failure.ca_file);
    case CURLE_SSL_CONNECT_ERROR:
      return "no TLS with " + target + ": " + handshake_words(failure.words);
    case CURLE_GOT_NOTHING:
      return target + " closed the connection without an answer";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
      return with_words("the connection to " + target + " broke", failure.words);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return with_words("the answer of " + target + " is not HTTP", failure.words);
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return with_words("the answer of " + target + " is not HTTP/2", failure.words);
    default:
      return with_words("asking " + target + " failed", failure.words);
  }
}

}  // namespace common::http
