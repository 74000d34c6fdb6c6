// What the life before left on disk.
#include "common/fuzz/target.h"
#include "nerve/saved_state.h"

FUZZ_TARGET(nerve_state) {
  using common::fuzz::must;
  const auto state = nerve::decode_state(bytes);
  if (!state) {
    must(!state.error().message.empty(), "why it is of no use");
    return;
  }
  for (const auto& [name, service] : state->services) {
    must(!service.full_weight || (*service.full_weight >= 1 && *service.full_weight <= 255), "weight", name);
  }
  const auto text = nerve::encode(*state);
  must(text.ends_with('\n') && text.find('\0') == std::string::npos, "a text", text);
  const auto again = nerve::decode_state(text);
  must(again.has_value() && *again == *state, "what is written is what is read", text);
}
