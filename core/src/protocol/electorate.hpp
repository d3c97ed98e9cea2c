// Who counts in a round: its cluster, with the incarnation of each acceptor that is in force.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <synod/cluster.hpp>
#include <synod/types.hpp>

#include "base/mutants.hpp"

namespace synod {

// A set of acceptors of one electorate, one bit each. A tally is such a set, never a count of
// replies: two answers of one node are one (docs/protocol.md, invariant 4).
using AcceptorSet = std::uint64_t;

// Immutable; shared by all rounds with the same cluster and the same incarnations.
class Electorate {
 public:
  using IncarnationOf = std::function<Incarnation(NodeId)>;

  Electorate(std::shared_ptr<const Cluster> cluster, const IncarnationOf& incarnation_of);

  [[nodiscard]] const std::shared_ptr<const Cluster>& cluster() const { return cluster_; }
  // The bit of the acceptor `id` with the memory `incarnation`; empty where that memory does not
  // count, or `id` is no acceptor.
  [[nodiscard]] AcceptorSet bit_of(NodeId id, Incarnation incarnation) const;
  [[nodiscard]] bool is_phase1_quorum(AcceptorSet set) const {
    return weight(set) + (SYNOD_MUTANT("quorum-minus-one-phase1") ? 1 : 0) >= phase1_;
  }
  [[nodiscard]] bool is_phase2_quorum(AcceptorSet set) const {
    return weight(set) + (SYNOD_MUTANT("quorum-minus-one") ? 1 : 0) >= phase2_;
  }
  // Whether a quorum can still come together without the acceptors in `without`.
  [[nodiscard]] bool can_reach_phase1(AcceptorSet without) const {
    return weight(living_ & ~without) >= phase1_;
  }
  [[nodiscard]] bool can_reach_phase2(AcceptorSet without) const {
    return weight(living_ & ~without) >= phase2_;
  }
  // How many acceptors besides those in `lost`, whichever they are, can be lost while both quorums
  // still come together; nothing can be decided where it is negative.
  [[nodiscard]] int losses_stood(AcceptorSet lost) const;

  [[nodiscard]] const std::vector<NodeId>& acceptors() const { return acceptors_; }
  [[nodiscard]] const std::vector<NodeId>& members() const { return members_; }
  [[nodiscard]] bool has_member(NodeId id) const { return cluster_->find(id) != nullptr; }
  [[nodiscard]] Incarnation incarnation_of(NodeId id) const;
  // The acceptors in `set`, by ascending id.
  [[nodiscard]] std::vector<NodeId> ids(AcceptorSet set) const;
  [[nodiscard]] AcceptorSet all() const;

 private:
  [[nodiscard]] std::uint64_t weight(AcceptorSet set) const;

  std::shared_ptr<const Cluster> cluster_;
  std::vector<NodeId> members_;    // By ascending id.
  std::vector<NodeId> acceptors_;  // By ascending id; the place is the bit.
  std::vector<Incarnation> incarnations_;
  std::vector<std::uint32_t> weights_;
  AcceptorSet living_ = 0;  // Those that were ever admitted.
  bool equal_weights_ = true;
  std::uint64_t phase1_ = 0;
  std::uint64_t phase2_ = 0;
};

using ElectoratePtr = std::shared_ptr<const Electorate>;

}  // namespace synod
