// The part of the app that has a new configuration proven by those who would have to run with it.
#include <utility>

#include "synapse/app.h"
#include "synapse/config_difference.h"

namespace synapse {

namespace asio = boost::asio;

void App::prove(std::function<void(common::Result<void>)> done) {
  control_.spawn("proof of a configuration", prove_units(std::move(done)));
}

// The units and what was read stay as they are until the answer is given.
asio::awaitable<void> App::prove_units(std::function<void(common::Result<void>)> done) {
  const auto& routers = loaded_.config->routers;
  const auto places = places_of(routers);
  for (std::size_t i = 0; i < routers.size(); ++i) {
    auto* running = find_unit(places[i]);
    if (running == nullptr) continue;  // nothing of it runs that could suffer
    const auto proven = co_await running->prove(routers[i]);
    if (proven) continue;
    done(common::fail("routers[" + std::to_string(i) + "]: " + proven.error().message));
    co_return;
  }
  done(common::Result<void>());
}

// The files are again what runs.
void App::withdraw() {
  for (auto& unit : units_) unit->forget_refused();
}

}  // namespace synapse
