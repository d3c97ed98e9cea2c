// The right to propose at one coordination number, and what it obliges to.
#pragma once

#include <string>
#include <vector>

#include <synod/message.hpp>

#include "protocol/electorate.hpp"
#include "protocol/round_ring.hpp"

namespace synod {

// A mandate belongs to the set of those who promised, and every round checks that set against its
// own electorate (H2). Merges what they reported: the entry accepted at the highest number binds;
// whoever accepted nothing adds no condition (H5).
class Mandate {
 public:
  Mandate() = default;
  // To propose from `first` on, at `coord`.
  Mandate(CoordNum coord, RoundNum first) : coord_(coord), first_(first), forced_(first) {}

  [[nodiscard]] CoordNum coord() const { return coord_; }
  // The lowest round that it may propose in. Below it everything is settled.
  [[nodiscard]] RoundNum first() const { return first_; }

  enum class Added { kPart, kComplete, kContradiction };
  // Takes one page of a promise; the promise counts once all its pages have come.
  Added add(NodeId from, Incarnation incarnation, const Promise& page);
  // Those who promised for `round` and count in it.
  [[nodiscard]] AcceptorSet promisers(const Electorate& electorate, RoundNum round) const;
  // From where on every promise so far speaks: what lies below is settled somewhere.
  [[nodiscard]] RoundNum spoken_for_from() const;
  // A node that knows the rounds below spoken_for_from(); none: 0.
  [[nodiscard]] NodeId furthest() const;
  [[nodiscard]] bool has_promise_of(NodeId id) const;
  // Starts at spoken_for_from().
  void start_where_spoken_for();

  struct Forced {
    CoordNum coord;
    Entry entry;
  };
  // What `round` must be proposed with; null: anything.
  [[nodiscard]] const Forced* forced(RoundNum round) const { return forced_.find(round); }
  // Beyond the highest round that is bound.
  [[nodiscard]] RoundNum forced_end() const { return forced_.end(); }
  void forget_below(RoundNum round) { forced_.drop_below(round); }

 private:
  struct Promiser {
    NodeId id;
    Incarnation incarnation;
    RoundNum speaks_from;
    std::uint32_t telling = 0;
    std::vector<bool> pages_seen;
    std::size_t pages_missing = 1;
    [[nodiscard]] bool complete() const { return pages_missing == 0; }
  };

  [[nodiscard]] bool merge(const PlacedEntry& placed);

  CoordNum coord_;
  RoundNum first_;
  bool electing_ = true;  // Until start_where_spoken_for().
  std::vector<Promiser> promisers_;
  RoundRing<Forced> forced_;
};

}  // namespace synod
