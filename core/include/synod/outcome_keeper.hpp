// File: outcome_keeper.hpp
//
// What a node asks of its state machine beyond the core's interface, whatever the type of the
// state.
#pragma once

#include <cstdint>
#include <optional>

#include <synod/state_machine.hpp>
#include <synod/types.hpp>

namespace synod {

// A state machine that keeps the outcomes of those entries that somebody here waits for, and of no
// others. Called on the node's thread.
class OutcomeKeeper : public StateMachine {
 public:
  // Somebody waits for the outcome of `id` from now on. Each call is ended by one forget(), or by
  // one taking of the outcome.
  virtual void expect(const EntryId& id) = 0;
  virtual void forget(const EntryId& id) = 0;
  // False after an ejection, until a snapshot is loaded.
  [[nodiscard]] virtual bool present() const = 0;
  // What the state's own digest() says; nothing where it has none, or there is no state.
  [[nodiscard]] virtual std::optional<std::uint64_t> digest() const = 0;
};

}  // namespace synod
