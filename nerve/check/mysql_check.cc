#include "nerve/check/mysql_check.h"

#include <cstdlib>
#include <errmsg.h>
#include <mysql.h>
#include <sys/socket.h>
#include <utility>

#include "common/connect_error.h"
#include "common/runtime/shared_library.h"
#include "nerve/check/foreign_socket.h"

namespace nerve {

namespace asio = boost::asio;

struct MysqlCheck::Library {
  decltype(::mysql_init)* init = nullptr;
  decltype(::mysql_options)* options = nullptr;
  decltype(::mysql_real_connect_start)* connect_start = nullptr;
  decltype(::mysql_real_connect_cont)* connect_cont = nullptr;
  decltype(::mysql_real_query_start)* query_start = nullptr;
  decltype(::mysql_real_query_cont)* query_cont = nullptr;
  decltype(::mysql_get_socket)* get_socket = nullptr;
  decltype(::mysql_get_ssl_cipher)* get_ssl_cipher = nullptr;
  decltype(::mysql_errno)* error_number = nullptr;
  decltype(::mysql_error)* error = nullptr;
  decltype(::mysql_close)* close = nullptr;

  static common::Result<std::unique_ptr<const Library>> load() {
    const auto file = common::SharedLibrary::load(NERVE_MARIADB_SONAME, "libmariadb3");
    if (!file) return file.error();
    auto mysql = std::make_unique<Library>();
    const bool complete =
        file->find("mysql_init", mysql->init) && file->find("mysql_options", mysql->options) &&
        file->find("mysql_real_connect_start", mysql->connect_start) &&
        file->find("mysql_real_connect_cont", mysql->connect_cont) &&
        file->find("mysql_real_query_start", mysql->query_start) &&
        file->find("mysql_real_query_cont", mysql->query_cont) && file->find("mysql_get_socket", mysql->get_socket) &&
        file->find("mysql_get_ssl_cipher", mysql->get_ssl_cipher) && file->find("mysql_errno", mysql->error_number) &&
        file->find("mysql_error", mysql->error) && file->find("mysql_close", mysql->close);
    if (!complete) {
      return common::fail("this " NERVE_MARIADB_SONAME " lacks a function; install libmariadb3 of this system");
    }
    return std::unique_ptr<const Library>(std::move(mysql));
  }
};

// One conversation. Closed whatever happens to the coroutine that uses it.
class MysqlCheck::Connection {
 public:
  explicit Connection(const Library& library) : library_(library), handle_(library.init(nullptr)) {
    if (handle_ != nullptr) library_.options(handle_, MYSQL_OPT_NONBLOCK, nullptr);
  }
  ~Connection() {
    if (handle_ == nullptr) return;
    // A call that was cancelled waits on a stack of its own for its socket. It is led to its end with a socket that is
    // dead, so that it frees what it holds. A goodbye to a server that hangs must not wait for an answer either.
    const int socket = library_.get_socket(handle_);
    if (socket >= 0) ::shutdown(socket, waiting_ == Call::none ? SHUT_RD : SHUT_RDWR);
    for (int steps = 0; waiting_ != Call::none && steps < kMaxSteps; ++steps) {
      go_on(MYSQL_WAIT_READ | MYSQL_WAIT_WRITE | MYSQL_WAIT_TIMEOUT);
    }
    library_.close(handle_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  MYSQL* get() const { return handle_; }
  std::string error() const { return library_.error(handle_); }
  unsigned error_number() const { return library_.error_number(handle_); }
  bool encrypted() const { return library_.get_ssl_cipher(handle_) != nullptr; }

  template <class Value>
  void set(mysql_option option, const Value& value) {
    library_.options(handle_, option, &value);
  }
  void set_text(mysql_option option, const std::string& text) { library_.options(handle_, option, text.c_str()); }

  // `address`: empty for the unix socket.
  asio::awaitable<bool> connect(const MysqlDsn& dsn, const std::string& address) {
    const bool unix_socket = address.empty();
    const char* host = unix_socket ? nullptr : address.c_str();
    const char* path = unix_socket ? dsn.socket_path.c_str() : nullptr;
    const char* database = dsn.database.empty() ? nullptr : dsn.database.c_str();
    waiting_ = Call::connect;
    wait_for_ = library_.connect_start(&connected_, handle_, host, dsn.username.c_str(), dsn.password.c_str(), database,
                                       static_cast<unsigned>(dsn.port), path, 0);
    co_await finish_call();
    co_return connected_ != nullptr;
  }

  // The result's head is enough: its rows are not read.
  asio::awaitable<bool> query(const std::string& request) {
    waiting_ = Call::query;
    wait_for_ = library_.query_start(&query_failed_, handle_, request.data(), request.size());
    co_await finish_call();
    co_return query_failed_ == 0;
  }

 private:
  enum class Call { none, connect, query };
  static constexpr int kMaxSteps = 100;

  asio::awaitable<void> finish_call() {
    while (wait_for_ != 0) {
      const Readiness wanted{(wait_for_ & MYSQL_WAIT_READ) != 0, (wait_for_ & MYSQL_WAIT_WRITE) != 0};
      const auto ready = co_await wait_until_ready(library_.get_socket(handle_), wanted);
      go_on((ready.read ? MYSQL_WAIT_READ : 0) | (ready.write ? MYSQL_WAIT_WRITE : 0));
    }
    waiting_ = Call::none;
  }

  void go_on(int events) {
    if (waiting_ == Call::connect) wait_for_ = library_.connect_cont(&connected_, handle_, events);
    if (waiting_ == Call::query) wait_for_ = library_.query_cont(&query_failed_, handle_, events);
    if (wait_for_ == 0) waiting_ = Call::none;
  }

  const Library& library_;
  MYSQL* handle_;
  Call waiting_ = Call::none;
  int wait_for_ = 0;
  MYSQL* connected_ = nullptr;
  int query_failed_ = 0;
};

namespace {

// The server chooses how we prove who we are. These never send it the password itself, unless through TLS; and none
// asks a person.
constexpr const char* kSafePlugins =
    "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,parsec";

std::string init_command(const MysqlDsn& dsn) {
  std::string command;
  for (const auto& [name, value] : dsn.variables) {
    command += (command.empty() ? "SET " : ", ") + name + "=" + value;
  }
  return command;
}

}  // namespace

MysqlCheck::MysqlCheck(const CheckConfig& config, MysqlDsn dsn, common::Resolver& resolver)
    : SqlCheck(config, {.host = dsn.host, .port = dsn.port, .socket_path = dsn.socket_path}, resolver),
      dsn_(std::move(dsn)),
      init_command_(init_command(dsn_)) {
  auto library = Library::load();
  if (library) {
    library_ = *std::move(library);
  } else {
    load_error_ = library.error().message;
  }
}

MysqlCheck::~MysqlCheck() = default;

asio::awaitable<SqlCheck::Attempt> MysqlCheck::ask(std::string address) {
  if (!library_) co_return Attempt{true, {false, load_error_}};
  Connection connection(*library_);
  if (connection.get() == nullptr) co_return Attempt{true, {false, "out of memory"}};
  const unsigned protocol = address.empty() ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
  connection.set(MYSQL_OPT_PROTOCOL, protocol);
  // A server could otherwise ask for our files.
  const unsigned no_files = 0;
  connection.set(MYSQL_OPT_LOCAL_INFILE, no_files);
  connection.set_text(MARIADB_OPT_RESTRICTED_AUTH, kSafePlugins);
  connection.set_text(MYSQL_SET_CHARSET_NAME, dsn_.charset.empty() ? "utf8mb4" : dsn_.charset);
  if (!init_command_.empty()) connection.set_text(MYSQL_INIT_COMMAND, init_command_);
  const my_bool tls = dsn_.tls != MysqlDsn::Tls::off;
  const my_bool verify = dsn_.tls == MysqlDsn::Tls::verified;
  connection.set(MYSQL_OPT_SSL_ENFORCE, tls);
  connection.set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, verify);

  const bool connected = co_await connection.connect(dsn_, address);
  if (!connected) {
    const bool reached =
        connection.error_number() != CR_CONNECTION_ERROR && connection.error_number() != CR_CONN_HOST_ERROR;
    co_return Attempt{reached, connect_failure(connection, address)};
  }
  if (tls && dsn_.tls != MysqlDsn::Tls::preferred && !connection.encrypted()) {
    co_return Attempt{true, refusal("the server offers no TLS")};
  }
  const bool answered = co_await connection.query(request());
  if (!answered) co_return Attempt{true, refusal(connection.error())};
  co_return Attempt{true, {true, {}}};
}

Answer MysqlCheck::connect_failure(const Connection& connection, const std::string& address) const {
  const auto number = connection.error_number();
  const auto words = connection.error();
  if (number != CR_CONNECTION_ERROR && number != CR_CONN_HOST_ERROR) return refusal(words);
  // "Can't connect to server on '127.0.0.1' (111)"
  const auto open = words.rfind('(');
  const int code = open == std::string::npos ? 0 : std::atoi(words.c_str() + open + 1);
  if (code <= 0) return refusal(words);
  const boost::system::error_code error(code, boost::system::system_category());
  return {false, common::describe_connect_error(error, where(address))};
}

}  // namespace nerve
