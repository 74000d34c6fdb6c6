// What must not stand twice in a backend: an instance, a server's name, an id; and their order. Only this room uses it.
// Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "synapse/pool/pool.h"

namespace synapse {

using Address = std::tuple<std::string, std::string, int>;  // registered name, host, port

[[nodiscard]] Address address_of(const RoutedServer& server);

// By the age of the record; never equal for two children.
[[nodiscard]] bool older(const RoutedServer& a, const RoutedServer& b);

// `before`: of two servers, by their places in the list. A server is large: each is moved once, and none when they are
// in order already, as they nearly always are.
void sort_servers(std::vector<RoutedServer>& servers, const std::function<bool(std::size_t, std::size_t)>& before);

// One instance that is listed twice: an old session that has not expired yet, or two agents. The newest knows best.
void drop_duplicates(std::vector<RoutedServer>& servers, std::vector<LeftOut>& left_out);

// The first of several servers of one name keeps it, the others get their address behind it.
void make_names_unique(std::vector<RoutedServer>& servers);

// The first of several servers with one `id` keeps it: twice, it would keep HAProxy from loading the configuration.
void make_ids_unique(std::vector<RoutedServer>& servers);

}  // namespace synapse
