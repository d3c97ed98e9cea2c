#include "protocol/id_table.hpp"

#include <algorithm>
#include <bit>

#include <synod/check.hpp>
#include <synod/hash.hpp>
#include <synod/probe.hpp>

namespace synod {

std::optional<RoundNum> IdTable::find(const EntryId& id) const {
  if (index_.empty()) return std::nullopt;
  const std::uint64_t hash = hash_of(id);
  for (std::size_t at = home_of(hash); index_[at] != 0; at = (at + 1) & (index_.size() - 1)) {
    if (((index_[at] ^ hash) & ~kLowerHalf) != 0) continue;
    const Settled& candidate = settled(index_[at] & kPlaceBits);
    if (candidate.id == id) return candidate.round;
  }
  return std::nullopt;
}

void IdTable::insert(RoundNum round, const EntryId& id) {
  SYNOD_CHECK(count_ == 0 || settled(front_ + count_ - 1).round < round, "rounds out of order");
  if (count_ == queue_.size()) grow();
  const std::uint64_t place = front_ + count_;
  queue_[place & (queue_.size() - 1)] = {round, id};
  ++count_;
  index(place);
}

void IdTable::forget_below(RoundNum applied) {
  constexpr std::uint64_t kAhead = 8;
  if (count_ > kAhead) expect_to_forget(front_ + kAhead);
  while (count_ > 0 && settled(front_).round.plus(remembered_) < applied) {
    unindex(front_);
    ++front_;
    --count_;
  }
}

// Ids are forgotten in the order of the queue, one for each that comes: the cell is on its way to
// the cache long before it is needed.
void IdTable::expect_to_forget(std::uint64_t place) const {
  __builtin_prefetch(&index_[home_of(hash_of(settled(place).id))], 1);
}

void IdTable::grow() {
  if (!queue_.empty()) SYNOD_MARK("id-table.grows");
  std::vector<Settled> grown(queue_.empty() ? 64 : queue_.size() * 2);
  SYNOD_CHECK(grown.size() - 1 <= kPlaceBits, "more ids than places can be told apart");
  for (std::uint64_t place = front_; place < front_ + count_; ++place) {
    grown[place & (grown.size() - 1)] = settled(place);
  }
  queue_ = std::move(grown);
  index_.assign(queue_.size() * 2, 0);
  home_shift_ = 64 - std::countr_zero(index_.size());
  for (std::uint64_t place = front_; place < front_ + count_; ++place) index(place);
}

void IdTable::index(std::uint64_t place) {
  const std::uint64_t hash = hash_of(settled(place).id);
  std::size_t at = home_of(hash);
  while (index_[at] != 0) at = (at + 1) & (index_.size() - 1);
  index_[at] = cell_of(hash, place);
}

// Linear probing's deletion without tombstones: whatever could have stood in the freed cell moves
// up.
void IdTable::unindex(std::uint64_t place) {
  const std::size_t mask = index_.size() - 1;
  const std::uint64_t hash = hash_of(settled(place).id);
  const std::uint64_t cell = cell_of(hash, place);
  std::size_t hole = home_of(hash);
  while (index_[hole] != cell) hole = (hole + 1) & mask;
  for (std::size_t at = (hole + 1) & mask; index_[at] != 0; at = (at + 1) & mask) {
    if (((at - home_of(index_[at])) & mask) < ((at - hole) & mask)) continue;
    index_[hole] = index_[at];
    hole = at;
  }
  index_[hole] = 0;
}

void IdTable::encode(ByteWriter& out) const {
  out.varint(remembered_);
  out.varint(count_);
  for (std::uint64_t place = front_; place < front_ + count_; ++place) {
    out.varint(settled(place).round.value());
    out.u64(settled(place).id.high);
    out.u64(settled(place).id.low);
  }
}

bool IdTable::decode(ByteReader& in) {
  front_ = 0;
  count_ = 0;
  queue_.clear();
  index_.clear();
  remembered_ = in.varint();
  constexpr std::uint64_t kIdsMax = 1ull << 32;
  const std::size_t count = in.count(std::min(remembered_, kIdsMax) + 1, 17);
  RoundNum last;
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const RoundNum round(in.varint());
    EntryId id;
    id.high = in.u64();
    id.low = in.u64();
    if (!in.ok() || round <= last || find(id).has_value()) {
      in.fail();
      break;
    }
    insert(round, id);
    last = round;
  }
  if (in.ok()) return true;
  front_ = count_ = 0;
  queue_.clear();
  index_.clear();
  return false;
}

}  // namespace synod
