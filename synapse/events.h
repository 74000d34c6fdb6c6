// What happens in synapse, one function an event: each logs, counts, and says a repeated trouble only once until it
// changes or ends. Loop thread only.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/telemetry/metrics.h"

namespace synapse {

class Events {
 public:
  explicit Events(common::Metrics& metrics);
  ~Events();
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  // Sources.
  void servers_found(const std::string& service, int available, int unavailable);
  void servers_kept(const std::string& service);       // all vanished; the last ones stay
  void servers_defaulted(const std::string& service);  // nobody but the default servers is there
  void servers_restored(const std::string& service, std::size_t servers, const std::string& saved_at);
  void service_removed(const std::string& service);  // from the configuration; its time series end
  void record_left_out(const std::string& service, const std::string& record, const std::string& reason);
  void record_accepted(const std::string& service, const std::string& record);  // ends the trouble with it
  void watcher_failed(const std::string& service, const std::string& type, const std::string& error);
  void watcher_recovered(const std::string& service);
  // How long ago the service's source confirmed what we know.
  void registry_age(const std::string& service, std::chrono::steady_clock::duration age);
  void state_not_read(const std::string& why);
  void state_not_written(const std::string& why);
  void state_written();
  void host_not_resolved(const std::string& host, const std::string& error);
  void host_resolved(const std::string& host, const std::string& address);

  // HAProxy. `router` is the router's config path.
  void haproxy_attached(const std::string& router, const std::string& version, int pid, bool adopted);
  void haproxy_lost(const std::string& router, const std::string& how);
  void haproxy_start_failed(const std::string& router, const std::string& error, long retry_ms);
  void commands_sent(const std::string& router, std::size_t ok, std::size_t refused);
  void command_surprised(const std::string& router, const std::string& command, const std::string& reply);
  void socket_failed(const std::string& router, const std::string& error);
  void socket_replaced(const std::string& router, const std::string& words);  // by another one of the same HAProxy
  void socket_works(const std::string& router);
  void reload_wanted(const std::string& router, const std::string& reason, const std::string& words);
  void reloaded(const std::string& router, const std::vector<std::string>& reasons, int pid, long took_ms);
  void reload_failed(const std::string& router, const std::string& error, long retry_ms);
  void config_written(const std::string& router, std::size_t bytes);
  void config_not_written(const std::string& router, const std::string& error);
  void config_refused(const std::string& router, const std::string& words);
  void config_unchecked(const std::string& router, const std::string& why);
  void config_warning(const std::string& router, const std::string& words);

  // Routers of type template and file.
  void output_written(const std::string& path, std::size_t bytes);
  void output_failed(const std::string& type, const std::string& what, const std::string& error);
  void output_works(const std::string& what);  // ends the trouble with it
  void output_removed(const std::string& path);

 private:
  struct Families;

  // True when `words` are not what was last said about `subject`.
  bool news(const std::string& subject, const std::string& words);
  // True when there was trouble with `subject`; it is forgotten.
  bool over(const std::string& subject);

  std::unique_ptr<Families> families_;
  std::map<std::string, std::string> troubles_;  // subject -> what was said
};

}  // namespace synapse
