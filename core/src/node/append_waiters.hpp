// File: append_waiters.hpp
//
// The appends that somebody waits for, by the id of their entry.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <synod/decoration.hpp>

namespace synod {

using WaiterSlot = std::uint32_t;
inline constexpr WaiterSlot kNoWaiter = 0xffffffffu;

struct AppendWaiter {
  enum class State : std::uint8_t {
    kFree,
    kInReplica,  // An attempt is under way.
    kPausing,    // Between two attempts.
  };

  AppendRequest request;
  std::size_t below = 0;        // Offered to the decorations before this one.
  std::uint32_t attempts = 0;
  State state = State::kFree;
  bool possible = false;        // It may have happened, or may still: an attempt's fate is unknown.
  bool guarded = false;         // `done` already knows that it is possible.
  std::unique_ptr<AppendError> last_error;

  WaiterSlot next = kNoWaiter;  // Another one with the same id, or the next free one.
  std::uint32_t generation = 0; // Changes when the slot is freed.
};

// Slots are reused, and found by id through open addressing with linear probing; the table is never
// iterated. Whoever goes over all waiters does so by slot: the same order in every run.
class AppendWaiters {
 public:
  AppendWaiters();

  // References to waiters end here.
  WaiterSlot add(AppendWaiter waiter);
  // Frees the slot and gives back what it held.
  AppendWaiter remove(WaiterSlot slot);
  // The first one with this id, or kNoWaiter; `next` leads to the others.
  [[nodiscard]] WaiterSlot first(const EntryId& id) const;

  [[nodiscard]] AppendWaiter& operator[](WaiterSlot slot) { return slots_[slot]; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Slots to go over, free ones among them.
  [[nodiscard]] WaiterSlot slots() const { return static_cast<WaiterSlot>(slots_.size()); }
  // True where `slot` still holds the waiter that it held at `generation`.
  [[nodiscard]] bool holds(WaiterSlot slot, std::uint32_t generation) const {
    return slots_[slot].generation == generation &&
           slots_[slot].state != AppendWaiter::State::kFree;
  }

 private:
  [[nodiscard]] std::size_t place_of(const EntryId& id) const;
  void erase_place(std::size_t place);
  void grow();

  std::vector<AppendWaiter> slots_;
  WaiterSlot free_ = kNoWaiter;
  std::size_t size_ = 0;
  std::vector<WaiterSlot> table_;  // Heads of chains; a power of two, at most half full.
  std::size_t chains_ = 0;
};

}  // namespace synod
