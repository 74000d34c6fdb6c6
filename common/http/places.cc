#include "common/http/places.h"

#include <utility>

namespace common::http {

bool Places::make_room() {
  return living_ < most_ || displace(nullptr);
}

Places::Place Places::take(std::function<void()> close) {
  ++living_;
  return connections_.insert(connections_.end(), {.close = std::move(close), .turn = ++turn_});
}

void Places::leave(Place place) {
  if (!place->displaced) {
    --living_;
    bytes_ -= place->bytes;
  }
  connections_.erase(place);
}

void Places::enter(Place place, State state, std::size_t bytes) {
  place->state = state;
  place->turn = ++turn_;
  if (place->displaced) return;
  bytes_ += bytes - place->bytes;
  place->bytes = bytes;
  const Connection* self = &*place;
  while (bytes_ > most_bytes_ && displace(self)) continue;
}

// The one whose turn it has been for the longest; with `except`, one that keeps an answer from being freed.
bool Places::displace(const Connection* except) {
  Connection* last = nullptr;
  for (auto& each : connections_) {
    if (each.displaced || each.state == State::working || &each == except) continue;
    if (except != nullptr && each.bytes == 0) continue;
    if (last == nullptr || each.turn < last->turn) last = &each;
  }
  if (last == nullptr) return false;
  last->displaced = true;
  --living_;
  bytes_ -= last->bytes;
  ++displaced_;
  last->close();
  return true;
}

}  // namespace common::http
