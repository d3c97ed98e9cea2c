// File: tests/unit/node/scripted_replica.hpp
//
// Stands in for the real Replica, by being linked in its place: it notes what it is stepped with and
// says what the test tells it to.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <synod/replica.hpp>

namespace synod::testing {

struct Script {
  // Called with each input; may add to `output`.
  std::function<void(const Input&)> on_step;
  std::vector<Input> inputs;
  Output output;
  Timestamp deadline = Timestamp::max();
  ReplicaView view;
  ReplicaOptions options;
  Recovered recovered;
  std::size_t outputs_taken = 0;

  // How many inputs of this kind came.
  template <class Kind>
  [[nodiscard]] std::size_t count() const {
    std::size_t number = 0;
    for (const Input& input : inputs) {
      number += std::holds_alternative<Kind>(input) ? 1 : 0;
    }
    return number;
  }
  template <class Kind>
  [[nodiscard]] const Kind* last() const {
    const Kind* found = nullptr;
    for (const Input& input : inputs) {
      const Kind* kind = std::get_if<Kind>(&input);
      found = kind != nullptr ? kind : found;
    }
    return found;
  }
};

// The script of the next replica to be made, and of the one that was made with it.
Script& script();
// A new, empty one.
void reset_script();

}  // namespace synod::testing
