// Which electorate each round has: from the genesis map, the state's cluster_at, and the chosen
// changes of incarnations. All of it is replicated state.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include <synod/bytes.hpp>
#include <synod/cluster.hpp>
#include <synod/entry.hpp>
#include <synod/state_machine.hpp>
#include <synod/types.hpp>

#include "protocol/electorate.hpp"

namespace synod {

// From round `from` on, `incarnation` is the memory of `node` that counts.
struct IncarnationChange {
  NodeId node;
  RoundNum from;
  Incarnation incarnation;

  friend bool operator==(const IncarnationChange&, const IncarnationChange&) = default;
};

// Knows the electorates of the rounds from applied+1 to known_to(). Invariant: the answer for a round
// never changes once it was given.
class Membership {
 public:
  // Requires: called once, before the first extend().
  void found(const GenesisMap& genesis);
  [[nodiscard]] const std::optional<GenesisMap>& genesis() const { return genesis_; }

  // Learns the electorates of every round up to `known_to`. False where the state names a cluster
  // that cannot be one; `why` then says why.
  [[nodiscard]] bool extend(RoundNum known_to, const StateMachine* state, std::size_t members_max,
                            std::string& why);
  // Null above known_to(), and below what was kept.
  [[nodiscard]] const ElectoratePtr& at(RoundNum round) const;
  [[nodiscard]] RoundNum known_to() const { return known_to_; }
  // The electorate of the highest round that is known; null before the genesis.
  [[nodiscard]] const ElectoratePtr& newest() const;

  // Every acceptor of any known round from `round` on.
  [[nodiscard]] std::vector<NodeId> acceptors_from(RoundNum round) const;
  // Changes whenever the electorates that are known change.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  // Every member of any known round.
  [[nodiscard]] std::vector<NodeId> members_known() const;
  // The rounds above `round` at which the electorate changes, as far as is known.
  [[nodiscard]] std::vector<RoundNum> starts_above(RoundNum round) const;

  // The last incarnation chosen for `node`, in force or pending; 0: never admitted.
  [[nodiscard]] Incarnation last_chosen(NodeId node) const;
  // The lowest round in which `incarnation` of `node` counts; nothing where it never does.
  [[nodiscard]] std::optional<RoundNum> counts_from(NodeId node, Incarnation incarnation) const;
  // Applies a Readmit that was chosen in `chosen_in` and binds from `from` on; false where it has no effect.
  bool readmit(const Readmit& readmit, RoundNum chosen_in, RoundNum from);

  // Forgets the electorates of rounds below `applied`.
  void forget_below(RoundNum applied);
  // Starts anew from what a snapshot says, after `round`.
  void restart(RoundNum round, const GenesisMap& genesis, std::vector<IncarnationChange> changes);
  [[nodiscard]] const std::vector<IncarnationChange>& changes() const { return changes_; }

 private:
  struct Epoch {
    RoundNum from;
    ElectoratePtr electorate;
  };

  [[nodiscard]] Incarnation incarnation_at(NodeId node, RoundNum round) const;
  [[nodiscard]] bool changes_at(RoundNum round) const;

  std::optional<GenesisMap> genesis_;
  std::shared_ptr<const Cluster> genesis_cluster_;
  std::vector<IncarnationChange> changes_;  // In the order in which they were chosen.
  std::deque<Epoch> epochs_;                // By ascending round.
  RoundNum known_to_;
  std::uint64_t version_ = 0;
};

}  // namespace synod
