#include "node/append_waiters.hpp"

#include <utility>

#include <synod/check.hpp>
#include <synod/hash.hpp>

namespace synod {
namespace {

constexpr std::size_t kTableMin = 64;

}  // namespace

AppendWaiters::AppendWaiters() : table_(kTableMin, kNoWaiter) {}

std::size_t AppendWaiters::place_of(const EntryId& id) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t place = hash_of(id) & mask;
  while (table_[place] != kNoWaiter && slots_[table_[place]].request.entry.id != id) {
    place = (place + 1) & mask;
  }
  return place;
}

WaiterSlot AppendWaiters::first(const EntryId& id) const { return table_[place_of(id)]; }

WaiterSlot AppendWaiters::add(AppendWaiter waiter) {
  SYNOD_CHECK(waiter.state != AppendWaiter::State::kFree, "A waiter must wait for something.");
  if (2 * (chains_ + 1) > table_.size()) {
    grow();
  }
  WaiterSlot slot = free_;
  if (slot == kNoWaiter) {
    slot = static_cast<WaiterSlot>(slots_.size());
    slots_.emplace_back();
  } else {
    free_ = slots_[slot].next;
  }
  const std::size_t place = place_of(waiter.request.entry.id);
  chains_ += table_[place] == kNoWaiter ? 1 : 0;
  waiter.next = table_[place];
  waiter.generation = slots_[slot].generation;
  slots_[slot] = std::move(waiter);
  table_[place] = slot;
  ++size_;
  return slot;
}

AppendWaiter AppendWaiters::remove(WaiterSlot slot) {
  const std::size_t place = place_of(slots_[slot].request.entry.id);
  SYNOD_CHECK(table_[place] != kNoWaiter, "A waiter that is removed must be in the table.");
  const WaiterSlot after = slots_[slot].next;
  if (table_[place] != slot) {
    WaiterSlot before = table_[place];
    while (slots_[before].next != slot) {
      before = slots_[before].next;
    }
    slots_[before].next = after;
  } else if (after != kNoWaiter) {
    table_[place] = after;
  } else {
    erase_place(place);
  }
  AppendWaiter waiter = std::move(slots_[slot]);
  slots_[slot] = AppendWaiter{};
  slots_[slot].generation = waiter.generation + 1;
  slots_[slot].next = free_;
  free_ = slot;
  --size_;
  return waiter;
}

// Moves later members of the run forward, so that probing never meets a hole inside one.
void AppendWaiters::erase_place(std::size_t place) {
  const std::size_t mask = table_.size() - 1;
  std::size_t hole = place;
  table_[hole] = kNoWaiter;
  --chains_;
  for (std::size_t at = (hole + 1) & mask; table_[at] != kNoWaiter; at = (at + 1) & mask) {
    const std::size_t home = hash_of(slots_[table_[at]].request.entry.id) & mask;
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      table_[hole] = std::exchange(table_[at], kNoWaiter);
      hole = at;
    }
  }
}

void AppendWaiters::grow() {
  const std::vector<WaiterSlot> before = std::move(table_);
  table_.assign(before.size() * 2, kNoWaiter);
  for (const WaiterSlot head : before) {
    if (head != kNoWaiter) {
      table_[place_of(slots_[head].request.entry.id)] = head;
    }
  }
}

}  // namespace synod
