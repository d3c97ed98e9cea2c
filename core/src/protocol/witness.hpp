// Learning from acceptances directly, where acceptors send them to the learners as well: one message
// delay less, and no need of the proposer's word (`ReplicaOptions::acceptances_to_learners`).
#pragma once

#include <algorithm>
#include <vector>

#include <synod/message.hpp>

#include "protocol/membership.hpp"
#include "protocol/round_ring.hpp"

namespace synod {

// Counts, per round, who accepted what a Propose showed. Bounded by what its owner lets in.
class Witness {
 public:
  void saw(const Propose& propose, RoundNum applied, std::uint64_t ahead_max) {
    RoundNum round = propose.first;
    for (const Entry& entry : propose.entries) {
      const bool useful = round > applied && round.above(applied) <= ahead_max;
      if (useful) consider(round, propose.coord, entry);
      round = round.next();
    }
  }

  void on(NodeId from, Incarnation incarnation, const Acceptance& acceptance,
          const Membership& membership, std::vector<PlacedEntry>& chosen) {
    const RoundNum end = std::min(acceptance.first.plus(acceptance.count), seen_.end());
    for (RoundNum round = std::max(acceptance.first, seen_.first()); round < end;
         round = round.next()) {
      Seen* seen = seen_.find(round);
      const ElectoratePtr& electorate = membership.at(round);
      if (seen != nullptr && electorate != nullptr && seen->coord == acceptance.coord) {
        seen->accepted |= electorate->bit_of(from, incarnation);
        if (electorate->is_phase2_quorum(seen->accepted)) {
          chosen.push_back({round, seen->coord, seen->entry});
        }
      }
    }
  }

  void forget_applied(RoundNum applied) { seen_.drop_below(applied.next()); }

 private:
  struct Seen {
    CoordNum coord;
    Entry entry;
    AcceptorSet accepted = 0;
  };

  void consider(RoundNum round, CoordNum coord, const Entry& entry) {
    if (round < seen_.first()) return;
    Seen& seen = seen_.get(round);
    if (seen.coord < coord) seen = {coord, entry, 0};
  }

  RoundRing<Seen> seen_;
};

}  // namespace synod
