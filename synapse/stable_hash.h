// A hash that is the same in every process and on every machine. Not for anything secret. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace synapse {

// FNV-1a, and a last mixing so that near inputs land far from each other.
class StableHash {
 public:
  StableHash& add(std::string_view text) {
    for (const char c : text) add_byte(static_cast<unsigned char>(c));
    add_byte(0);
    return *this;
  }
  StableHash& add(std::uint64_t number) {
    for (int i = 0; i < 8; ++i) add_byte(static_cast<unsigned char>(number >> (8 * i)));
    return *this;
  }
  [[nodiscard]] std::uint64_t value() const {
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
  }

 private:
  void add_byte(unsigned char byte) { state_ = (state_ ^ byte) * 0x100000001B3; }

  std::uint64_t state_ = 0xCBF29CE484222325;
};

}  // namespace synapse
