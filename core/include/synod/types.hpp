// File: types.hpp
//
// The numbers of the protocol as types of their own, so that a round cannot be passed where a node
// is meant. None converts implicitly from or to an integer, and no two of them can be added.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace synod {

template <class Tag>
class Number {
 public:
  constexpr Number() = default;
  explicit constexpr Number(std::uint64_t value) : value_(value) {}

  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  [[nodiscard]] static constexpr Number max() {
    return Number(std::numeric_limits<std::uint64_t>::max());
  }
  // The number `steps` further, or max() where that would overflow.
  [[nodiscard]] constexpr Number plus(std::uint64_t steps) const {
    return steps > max().value_ - value_ ? max() : Number(value_ + steps);
  }
  [[nodiscard]] constexpr Number next() const { return plus(1); }
  // The number before, or zero.
  [[nodiscard]] constexpr Number previous() const { return Number(value_ == 0 ? 0 : value_ - 1); }
  // How far this one lies above `lower`; zero where it does not.
  [[nodiscard]] constexpr std::uint64_t above(Number lower) const {
    return value_ > lower.value_ ? value_ - lower.value_ : 0;
  }

  friend constexpr auto operator<=>(Number, Number) = default;

 private:
  std::uint64_t value_ = 0;
};

// One slot of the log. Round 0 is the state before anything was applied; the first entry is
// settled in round 1.
using RoundNum = Number<struct RoundTag>;
// Names a node for as long as the cluster lives. 0 names nobody.
using NodeId = Number<struct NodeTag>;
// Names one memory of a node (design: "identity is memory"): minted at random when a node starts
// without an intact journal, kept as long as that journal stays intact. 0 is no memory: a member
// that was never admitted.
using Incarnation = Number<struct IncarnationTag>;
// Tells one cluster from another; what a stranger sends is dropped.
class ClusterId : public Number<struct ClusterTag> {
 public:
  using Number::Number;
  // The id of the cluster called `name`: the same on every machine.
  [[nodiscard]] static ClusterId of(std::string_view name);
};

// Ranks the attempts at leading (a "ballot" in the papers). Ordered by counter, then proposer,
// then incarnation, so two nodes, or two memories of one node, never use the same number (H3).
// The zero number ranks below every attempt.
struct CoordNum {
  std::uint64_t counter = 0;
  NodeId proposer;
  Incarnation incarnation;

  friend constexpr auto operator<=>(const CoordNum&, const CoordNum&) = default;
};

// 128 bits that name an entry, chosen by whoever appends it; the same id is the same request.
struct EntryId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  [[nodiscard]] constexpr bool is_nil() const { return high == 0 && low == 0; }
  friend constexpr auto operator<=>(const EntryId&, const EntryId&) = default;
};

using Duration = std::chrono::microseconds;

// A moment on the node's own monotonic clock, in microseconds. It is an argument wherever it is
// needed: nothing below the host reads a clock.
class Timestamp {
 public:
  constexpr Timestamp() = default;
  explicit constexpr Timestamp(std::int64_t microseconds) : microseconds_(microseconds) {}

  [[nodiscard]] static constexpr Timestamp max() {
    return Timestamp(std::numeric_limits<std::int64_t>::max());
  }
  [[nodiscard]] constexpr std::int64_t microseconds() const { return microseconds_; }
  // The moment `duration` later; saturates at max().
  [[nodiscard]] constexpr Timestamp after(Duration duration) const {
    const std::int64_t room = max().microseconds_ - microseconds_;
    return duration.count() >= room ? max() : Timestamp(microseconds_ + duration.count());
  }
  [[nodiscard]] constexpr Duration since(Timestamp earlier) const {
    return Duration(microseconds_ - earlier.microseconds_);
  }

  friend constexpr auto operator<=>(Timestamp, Timestamp) = default;

 private:
  std::int64_t microseconds_ = 0;
};

[[nodiscard]] std::string to_string(RoundNum round);
[[nodiscard]] std::string to_string(NodeId node);
[[nodiscard]] std::string to_string(Incarnation incarnation);   // 16 hexadecimal digits
[[nodiscard]] std::string to_string(const CoordNum& coord);     // counter.proposer, as in 7.2
[[nodiscard]] std::string to_string(const EntryId& id);         // as a UUID

// Reads what to_string(EntryId) writes, with or without dashes. False, and `id` unchanged, where
// `text` is anything else.
[[nodiscard]] bool parse_entry_id(std::string_view text, EntryId& id);

}  // namespace synod
