#include "nerve/check/postgres_check.h"

#include <cerrno>
#include <cstring>
#include <libpq-fe.h>
#include <utility>
#include <vector>

#include "common/connect_error.h"
#include "common/runtime/shared_library.h"
#include "nerve/check/foreign_socket.h"

namespace nerve {

namespace asio = boost::asio;

struct PostgresCheck::Library {
  decltype(::PQconnectStartParams)* connect_start = nullptr;
  decltype(::PQconnectPoll)* connect_poll = nullptr;
  decltype(::PQstatus)* status = nullptr;
  decltype(::PQsocket)* socket = nullptr;
  decltype(::PQerrorMessage)* error_message = nullptr;
  decltype(::PQfinish)* finish = nullptr;
  decltype(::PQsetnonblocking)* set_nonblocking = nullptr;
  decltype(::PQsendQuery)* send_query = nullptr;
  decltype(::PQsetSingleRowMode)* set_single_row_mode = nullptr;
  decltype(::PQflush)* flush = nullptr;
  decltype(::PQconsumeInput)* consume_input = nullptr;
  decltype(::PQisBusy)* is_busy = nullptr;
  decltype(::PQgetResult)* get_result = nullptr;
  decltype(::PQresultStatus)* result_status = nullptr;
  decltype(::PQresultErrorMessage)* result_error_message = nullptr;
  decltype(::PQclear)* clear = nullptr;

  static common::Result<std::unique_ptr<const Library>> load() {
    const auto file = common::SharedLibrary::load(NERVE_PQ_SONAME, "libpq5");
    if (!file) return file.error();
    auto pq = std::make_unique<Library>();
    const bool complete =
        file->find("PQconnectStartParams", pq->connect_start) && file->find("PQconnectPoll", pq->connect_poll) &&
        file->find("PQstatus", pq->status) && file->find("PQsocket", pq->socket) &&
        file->find("PQerrorMessage", pq->error_message) && file->find("PQfinish", pq->finish) &&
        file->find("PQsetnonblocking", pq->set_nonblocking) && file->find("PQsendQuery", pq->send_query) &&
        file->find("PQsetSingleRowMode", pq->set_single_row_mode) && file->find("PQflush", pq->flush) &&
        file->find("PQconsumeInput", pq->consume_input) && file->find("PQisBusy", pq->is_busy) &&
        file->find("PQgetResult", pq->get_result) && file->find("PQresultStatus", pq->result_status) &&
        file->find("PQresultErrorMessage", pq->result_error_message) && file->find("PQclear", pq->clear);
    if (!complete) return common::fail("this " NERVE_PQ_SONAME " lacks a function; install libpq5 of this system");
    return std::unique_ptr<const Library>(std::move(pq));
  }
};

// Finished whatever happens to the coroutine that uses it: libpq says goodbye and closes the socket.
class PostgresCheck::Connection {
 public:
  Connection(const Library& library, PGconn* handle) : library_(library), handle_(handle) {}
  ~Connection() { library_.finish(handle_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  PGconn* get() const { return handle_; }
  std::string error() const { return library_.error_message(handle_); }
  bool failed() const { return library_.status(handle_) == CONNECTION_BAD; }

  asio::awaitable<void> wait(bool for_reading, bool for_writing) {
    const Readiness wanted{for_reading, for_writing};
    co_await wait_until_ready(library_.socket(handle_), wanted);
  }

 private:
  const Library& library_;
  PGconn* handle_;
};

namespace {

// The line that tells why, of several: libpq tells of each attempt in lines of its own, and adds hints. The place where
// it tried is cut off, we name it ourselves.
std::string last_reason(const std::string& message) {
  std::string reason;
  std::size_t at = 0;
  while (at < message.size()) {
    const auto end = std::min(message.find('\n', at), message.size());
    const auto line = message.substr(at, end - at);
    if (reason.empty() || line.starts_with("connection to server")) reason = line;
    at = end + 1;
  }
  constexpr std::string_view failed = " failed: ";
  const auto place_ends = reason.starts_with("connection to server") ? reason.find(failed) : std::string::npos;
  return place_ends == std::string::npos ? reason : reason.substr(place_ends + failed.size());
}

}  // namespace

PostgresCheck::PostgresCheck(const CheckConfig& config, PostgresDsn dsn, common::Resolver& resolver)
    : SqlCheck(config,
               {.host = dsn.host,
                .port = dsn.port,
                .socket_path =
                    dsn.host.starts_with('/') ? dsn.host + "/.s.PGSQL." + std::to_string(dsn.port) : std::string()},
               resolver),
      dsn_(std::move(dsn)) {
  auto library = Library::load();
  if (library) {
    library_ = *std::move(library);
  } else {
    load_error_ = library.error().message;
  }
}

PostgresCheck::~PostgresCheck() = default;

asio::awaitable<SqlCheck::Attempt> PostgresCheck::ask(std::string address) {
  if (!library_) co_return Attempt{true, {false, load_error_}};
  // What libpq would otherwise look for by itself: a name server, and a ticket in a Kerberos realm's.
  auto parameters = dsn_.parameters;
  parameters["host"] = dsn_.host;
  parameters["port"] = std::to_string(dsn_.port);
  if (!address.empty()) parameters["hostaddr"] = address;
  parameters.emplace("gssencmode", "disable");
  parameters.emplace("fallback_application_name", "nerve");
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);

  Connection connection(*library_, library_->connect_start(keywords.data(), values.data(), 0));
  if (connection.get() == nullptr) co_return Attempt{true, {false, "out of memory"}};
  auto next = connection.failed() ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) {
      const auto message = connection.error();
      // "FATAL" is a word of the server's.
      const bool reached = message.find("FATAL") != std::string::npos;
      co_return Attempt{reached, connect_failure(message, address)};
    }
    co_await connection.wait(next == PGRES_POLLING_READING, next == PGRES_POLLING_WRITING);
    next = library_->connect_poll(connection.get());
  }
  auto answer = co_await query(connection);
  co_return Attempt{true, std::move(answer)};
}

// A row is enough: the rest is not read.
asio::awaitable<Answer> PostgresCheck::query(Connection& connection) {
  library_->set_nonblocking(connection.get(), 1);
  if (library_->send_query(connection.get(), request().c_str()) == 0) co_return refusal(connection.error());
  library_->set_single_row_mode(connection.get());
  for (int left = library_->flush(connection.get()); left != 0; left = library_->flush(connection.get())) {
    if (left < 0) co_return refusal(connection.error());
    co_await connection.wait(true, true);
    if (library_->consume_input(connection.get()) == 0) co_return refusal(connection.error());
  }
  while (library_->is_busy(connection.get()) != 0) {
    co_await connection.wait(true, false);
    if (library_->consume_input(connection.get()) == 0) co_return refusal(connection.error());
  }
  PGresult* result = library_->get_result(connection.get());
  const auto status = library_->result_status(result);
  const bool failed = status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
  const std::string words = failed ? library_->result_error_message(result) : "";
  library_->clear(result);
  if (failed) co_return refusal(words);
  co_return Answer{true, {}};
}

Answer PostgresCheck::connect_failure(const std::string& message, const std::string& address) const {
  const auto reason = last_reason(message);
  for (const int known : {ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, ENOENT}) {
    if (reason != std::strerror(known)) continue;
    const boost::system::error_code error(known, boost::system::system_category());
    return {false, common::describe_connect_error(error, where(address))};
  }
  return refusal(reason);
}

}  // namespace nerve
