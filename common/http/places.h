// Who has a place among the connections of a listener, and who makes room when there is none left: the one that has
// been silent, slow to ask or slow to read for the longest. So a client that comes later still gets its answer when
// others only hold connections. Who waits for a handler keeps its place. Pure; loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>

namespace common::http {

class Places {
 public:
  enum class State {
    receiving,  // the client's turn: silent between two requests, or sending one
    working,    // a handler's turn
    answering,  // the client's turn to read
  };
  struct Connection {
    std::function<void()> close;
    State state = State::receiving;
    std::uint64_t turn = 0;  // when the state began
    std::size_t bytes = 0;   // of the answer that waits to be read
    bool displaced = false;
  };
  using Place = std::list<Connection>::iterator;

  // At most so many connections, and so many bytes of answers waiting to be read.
  Places(std::size_t most, std::size_t most_bytes) : most_(most), most_bytes_(most_bytes) {}

  // Whether there is a place for one more; closes another one for it when that is allowed.
  bool make_room();
  // `close` is called when the connection has to make room; it must not call back.
  Place take(std::function<void()> close);
  void leave(Place place);

  // The connection's next state, with the size of its answer.
  void enter(Place place, State state, std::size_t bytes = 0);

  std::size_t size() const { return living_; }
  std::uint64_t displaced() const { return displaced_; }  // so many have made room

 private:
  bool displace(const Connection* except);

  const std::size_t most_;
  const std::size_t most_bytes_;
  std::list<Connection> connections_;
  std::size_t living_ = 0;  // not displaced
  std::size_t bytes_ = 0;   // of them
  std::uint64_t turn_ = 0;
  std::uint64_t displaced_ = 0;
};

}  // namespace common::http
