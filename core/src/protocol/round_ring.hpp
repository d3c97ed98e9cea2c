// A table by round: a ring that slides upwards with the log. Lookups cost a mask and an index; it
// allocates only when it grows.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <synod/check.hpp>
#include <synod/types.hpp>

namespace synod {

// Holds values for some of the rounds from first() on. Invariant: every present round lies in
// [first, first + capacity).
template <class Value>
class RoundRing {
 public:
  explicit RoundRing(RoundNum first = RoundNum(1)) : first_(first), end_(first) {}

  // The lowest round that it may hold.
  [[nodiscard]] RoundNum first() const { return first_; }
  // Beyond the highest round that it was ever given since it was empty.
  [[nodiscard]] RoundNum end() const { return end_; }
  [[nodiscard]] std::size_t count() const { return count_; }

  [[nodiscard]] Value* find(RoundNum round) {
    if (round < first_ || round >= end_) return nullptr;
    Cell& cell = cells_[index(round)];
    return cell.present ? &cell.value : nullptr;
  }
  [[nodiscard]] const Value* find(RoundNum round) const {
    return const_cast<RoundRing*>(this)->find(round);
  }

  // The value of `round`, made where it is missing. Requires: round >= first().
  Value& get(RoundNum round) {
    SYNOD_CHECK(round >= first_, "a round below the ring");
    grow_to(round);
    if (round >= end_) end_ = round.next();
    Cell& cell = cells_[index(round)];
    if (!cell.present) {
      cell.present = true;
      ++count_;
    }
    return cell.value;
  }

  void erase(RoundNum round) {
    if (find(round) == nullptr) return;
    clear(cells_[index(round)]);
  }

  // Drops everything below `first`, which becomes the lowest round that it may hold.
  void drop_below(RoundNum first) {
    for (; first_ < first && first_ < end_; first_ = first_.next()) clear(cells_[index(first_)]);
    if (first_ < first) first_ = first;
    if (end_ < first_) end_ = first_;
  }

  // Drops everything from `end` on.
  void drop_from(RoundNum end) {
    for (RoundNum round = end < first_ ? first_ : end; round < end_; round = round.next()) {
      clear(cells_[index(round)]);
    }
    if (end < end_) end_ = end < first_ ? first_ : end;
  }

 private:
  struct Cell {
    bool present = false;
    Value value = {};
  };

  [[nodiscard]] std::size_t index(RoundNum round) const {
    return static_cast<std::size_t>(round.value()) & (cells_.size() - 1);
  }

  void clear(Cell& cell) {
    if (!cell.present) return;
    cell = Cell{};
    --count_;
  }

  void grow_to(RoundNum round) {
    const std::size_t needed = static_cast<std::size_t>(round.above(first_)) + 1;
    if (needed <= cells_.size()) return;
    std::size_t capacity = cells_.empty() ? 16 : cells_.size();
    while (capacity < needed) capacity *= 2;
    std::vector<Cell> grown(capacity);
    for (RoundNum old = first_; old < end_; old = old.next()) {
      grown[static_cast<std::size_t>(old.value()) & (capacity - 1)] =
          std::move(cells_[index(old)]);
    }
    cells_ = std::move(grown);
  }

  RoundNum first_;
  RoundNum end_;
  std::size_t count_ = 0;
  std::vector<Cell> cells_;
};

}  // namespace synod
