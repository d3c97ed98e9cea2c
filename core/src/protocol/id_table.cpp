#include "protocol/id_table.hpp"

#include <algorithm>

#include <synod/check.hpp>
#include <synod/hash.hpp>

namespace synod {

std::size_t IdTable::home(const EntryId& id) const {
  return static_cast<std::size_t>(hash_of(id)) & (index_.size() - 1);
}

std::optional<RoundNum> IdTable::find(const EntryId& id) const {
  if (index_.empty()) return std::nullopt;
  for (std::size_t at = home(id); index_[at] != 0; at = (at + 1) & (index_.size() - 1)) {
    const Settled& candidate = settled(index_[at] - 1);
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
  while (count_ > 0 && settled(front_).round.plus(remembered_) < applied) {
    unindex(front_);
    ++front_;
    --count_;
  }
}

void IdTable::grow() {
  std::vector<Settled> grown(queue_.empty() ? 64 : queue_.size() * 2);
  for (std::uint64_t place = front_; place < front_ + count_; ++place) {
    grown[place & (grown.size() - 1)] = settled(place);
  }
  queue_ = std::move(grown);
  index_.assign(queue_.size() * 2, 0);
  for (std::uint64_t place = front_; place < front_ + count_; ++place) index(place);
}

void IdTable::index(std::uint64_t place) {
  std::size_t at = home(settled(place).id);
  while (index_[at] != 0) at = (at + 1) & (index_.size() - 1);
  index_[at] = place + 1;
}

// Linear probing's deletion without tombstones: whatever could have stood in the freed cell moves up.
void IdTable::unindex(std::uint64_t place) {
  const std::size_t mask = index_.size() - 1;
  std::size_t hole = home(settled(place).id);
  while (index_[hole] != place + 1) hole = (hole + 1) & mask;
  for (std::size_t at = (hole + 1) & mask; index_[at] != 0; at = (at + 1) & mask) {
    const std::size_t wanted = home(settled(index_[at] - 1).id);
    if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
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
