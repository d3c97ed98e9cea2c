// The ids of the entries that took effect lately, by round: what makes a repeat harmless (H13).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <synod/bytes.hpp>
#include <synod/types.hpp>

namespace synod {

// Remembers an id for a fixed number of rounds, the same on every node: it is part of the snapshot.
// A queue in the order of rounds, and an open-addressing index over it that is never iterated. The
// index does not fit into a processor's cache, so its cells say by themselves where their id
// belongs and, but for one in four billion, which id it is not: the queue is looked at only where
// an id is found.
class IdTable {
 public:
  explicit IdTable(std::uint64_t remembered_rounds) : remembered_(remembered_rounds) {}

  [[nodiscard]] std::uint64_t remembered_rounds() const { return remembered_; }
  // The round in which `id` took effect, as far as it is remembered.
  [[nodiscard]] std::optional<RoundNum> find(const EntryId& id) const;
  // Requires: `id` is not in the table, and `round` is above every one before.
  void insert(RoundNum round, const EntryId& id);
  // Forgets what lies too far below `applied`.
  void forget_below(RoundNum applied);
  // The round of the newest id; 0 where there is none.
  [[nodiscard]] RoundNum newest() const {
    return count_ == 0 ? RoundNum(0) : settled(front_ + count_ - 1).round;
  }
  [[nodiscard]] std::size_t size() const { return count_; }

  void encode(ByteWriter& out) const;
  // False where it does not decode; the table is then empty.
  [[nodiscard]] bool decode(ByteReader& in);

 private:
  static constexpr std::uint64_t kLowerHalf = 0xffff'ffff;
  static constexpr std::uint64_t kTaken = 0x8000'0000;
  static constexpr std::uint64_t kPlaceBits = kTaken - 1;

  struct Settled {
    RoundNum round;
    EntryId id;
  };

  [[nodiscard]] const Settled& settled(std::uint64_t place) const {
    return queue_[place & (queue_.size() - 1)];
  }
  // A cell that is taken: the upper half of the id's hash, kTaken, and the place's lower 31 bits.
  [[nodiscard]] static std::uint64_t cell_of(std::uint64_t hash, std::uint64_t place) {
    return (hash & ~kLowerHalf) | kTaken | (place & kPlaceBits);
  }
  // Where the search for an id begins; of its hash or of its cell, whose upper bits are the same.
  [[nodiscard]] std::size_t home_of(std::uint64_t hash) const {
    return static_cast<std::size_t>(hash >> home_shift_);
  }
  void expect_to_forget(std::uint64_t place) const;
  void grow();
  void index(std::uint64_t place);
  void unindex(std::uint64_t place);

  std::uint64_t remembered_;
  std::vector<Settled> queue_;  // A ring; a power of two long.
  std::uint64_t front_ = 0;     // The place of the oldest; places only grow.
  std::uint64_t count_ = 0;
  std::vector<std::uint64_t> index_;  // Cells; 0 is free. Twice as long as the queue.
  int home_shift_ = 63;               // 64 less the bits of an index's number.
};

}  // namespace synod
