// What must not stand twice in a backend: an instance, a server's name, an id. Only this room uses it. Pure.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "synapse/pool/pool.h"

namespace synapse {

using Address = std::tuple<std::string, std::string, int>;  // registered name, host, port

[[nodiscard]] Address address_of(const RoutedServer& server);

// By the age of the record; never equal for two children.
[[nodiscard]] bool older(const RoutedServer& a, const RoutedServer& b);

// One instance that is listed twice: an old session that has not expired yet, or two agents. The newest knows best.
void drop_duplicates(std::vector<RoutedServer>& servers, std::vector<LeftOut>& left_out);

// The first of several servers of one name keeps it, the others get their address behind it.
void make_names_unique(std::vector<RoutedServer>& servers);

// The first of several servers with one `id` keeps it: twice, it would keep HAProxy from loading the configuration.
void make_ids_unique(std::vector<RoutedServer>& servers);

}  // namespace synapse
