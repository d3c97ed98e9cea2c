#include "protocol/electorate.hpp"

#include <algorithm>
#include <bit>

#include <synod/check.hpp>

#include "base/mutants.hpp"

namespace synod {

Electorate::Electorate(std::shared_ptr<const Cluster> cluster, const IncarnationOf& incarnation_of)
    : cluster_(std::move(cluster)) {
  std::vector<const Member*> sorted;
  for (const Member& member : cluster_->members) sorted.push_back(&member);
  std::sort(sorted.begin(), sorted.end(),
            [](const Member* a, const Member* b) { return a->id < b->id; });
  std::uint64_t total = 0;
  for (const Member* member : sorted) {
    members_.push_back(member->id);
    if (!member->roles.accept) continue;
    acceptors_.push_back(member->id);
    incarnations_.push_back(incarnation_of(member->id));
    weights_.push_back(member->weight);
    total += member->weight;
    if (member->weight != 1) equal_weights_ = false;
    if (incarnations_.back() != Incarnation(0))
      living_ |= AcceptorSet{1} << (acceptors_.size() - 1);
  }
  SYNOD_CHECK(acceptors_.size() <= 64, "an electorate of more than 64 acceptors");
  const std::uint64_t majority = total / 2 + 1;
  phase1_ = cluster_->policy.phase1 == 0 ? majority : cluster_->policy.phase1;
  phase2_ = cluster_->policy.phase2 == 0 ? majority : cluster_->policy.phase2;
  SYNOD_CHECK(phase1_ + phase2_ > total, "the quorums of the two phases need not intersect");
}

AcceptorSet Electorate::bit_of(NodeId id, Incarnation incarnation) const {
  for (std::size_t i = 0; i < acceptors_.size(); ++i) {
    if (acceptors_[i] != id) continue;
    bool counts = incarnation != Incarnation(0) && incarnations_[i] == incarnation;
    // The old rules let any memory count that somebody takes for alive.
    counts = counts || SYNOD_MUTANT("memory-not-checked") ||
             SYNOD_MUTANT("h1-activate-on-commit") || SYNOD_MUTANT("h1-majority-acknowledges");
    return counts ? AcceptorSet{1} << i : 0;
  }
  return 0;
}

Incarnation Electorate::incarnation_of(NodeId id) const {
  for (std::size_t i = 0; i < acceptors_.size(); ++i) {
    if (acceptors_[i] == id) return incarnations_[i];
  }
  return Incarnation(0);
}

std::uint64_t Electorate::weight(AcceptorSet set) const {
  if (equal_weights_) return static_cast<std::uint64_t>(std::popcount(set));
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if ((set >> i & 1) != 0) sum += weights_[i];
  }
  return sum;
}

int Electorate::losses_stood(AcceptorSet lost) const {
  std::vector<std::uint32_t> left;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (((living_ & ~lost) >> i & 1) != 0) left.push_back(weights_[i]);
  }
  std::sort(left.rbegin(), left.rend());
  std::uint64_t sum = weight(living_ & ~lost);
  const std::uint64_t needed = std::max(phase1_, phase2_);
  if (sum < needed) return -1;
  int losses = 0;
  for (const std::uint32_t heaviest : left) {
    if (sum - heaviest < needed) break;
    sum -= heaviest;
    ++losses;
  }
  return losses;
}

std::vector<NodeId> Electorate::ids(AcceptorSet set) const {
  std::vector<NodeId> ids;
  for (std::size_t i = 0; i < acceptors_.size(); ++i) {
    if ((set >> i & 1) != 0) ids.push_back(acceptors_[i]);
  }
  return ids;
}

AcceptorSet Electorate::all() const {
  return acceptors_.size() == 64 ? ~AcceptorSet{0} : (AcceptorSet{1} << acceptors_.size()) - 1;
}

}  // namespace synod
