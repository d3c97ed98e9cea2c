#include "protocol/membership.hpp"

#include <algorithm>

#include <synod/check.hpp>
#include <synod/probe.hpp>

#include "base/mutants.hpp"

namespace synod {

namespace {
const ElectoratePtr kNone;
}  // namespace

void Membership::found(const GenesisMap& genesis) { restart(RoundNum(0), genesis, {}); }

void Membership::restart(RoundNum round, const GenesisMap& genesis,
                         std::vector<IncarnationChange> changes) {
  genesis_ = genesis;
  genesis_cluster_ = std::make_shared<const Cluster>(genesis.cluster());
  changes_ = std::move(changes);
  epochs_.clear();
  ++version_;
  known_to_ = round;
}

bool Membership::extend(RoundNum known_to, const StateMachine* state, std::size_t members_max,
                        std::string& why) {
  if (!genesis_.has_value()) return true;
  while (known_to_ < known_to) {
    const RoundNum round = known_to_.next();
    const RoundNum asked = SYNOD_MUTANT("cluster-one-round-early") ? round.next() : round;
    std::shared_ptr<const Cluster> cluster = state == nullptr ? nullptr : state->cluster_at(asked);
    if (cluster == nullptr) cluster = genesis_cluster_;
    if (SYNOD_MUTANT("quorum-from-own-options")) {
      Cluster own = *cluster;
      own.policy = genesis_cluster_->policy;
      cluster = std::make_shared<const Cluster>(std::move(own));
    }
    const bool same = !epochs_.empty() && !changes_at(round) &&
                      (epochs_.back().electorate->cluster() == cluster ||
                       *epochs_.back().electorate->cluster() == *cluster);
    if (!same) {
      why = refusal(*cluster, std::min<std::size_t>(members_max, 64));
      if (!why.empty()) return false;
      const auto incarnation_of = [&](NodeId id) { return incarnation_at(id, round); };
      ++version_;
      epochs_.push_back({round, std::make_shared<const Electorate>(cluster, incarnation_of)});
    }
    known_to_ = round;
  }
  return true;
}

const ElectoratePtr& Membership::at(RoundNum round) const {
  if (round > known_to_) return kNone;
  for (auto epoch = epochs_.rbegin(); epoch != epochs_.rend(); ++epoch) {
    if (epoch->from <= round) return epoch->electorate;
  }
  return kNone;
}

const ElectoratePtr& Membership::newest() const {
  return epochs_.empty() ? kNone : epochs_.back().electorate;
}

std::vector<NodeId> Membership::acceptors_from(RoundNum round) const {
  std::vector<NodeId> acceptors;
  for (std::size_t i = 0; i < epochs_.size(); ++i) {
    const Epoch& epoch = epochs_[i];
    if (i + 1 < epochs_.size() && epochs_[i + 1].from <= round) continue;
    for (const NodeId id : epoch.electorate->acceptors()) {
      const bool known = std::find(acceptors.begin(), acceptors.end(), id) != acceptors.end();
      if (!known) acceptors.push_back(id);
    }
  }
  return acceptors;
}

std::vector<NodeId> Membership::members_known() const {
  std::vector<NodeId> members;
  for (const Epoch& epoch : epochs_) {
    for (const NodeId id : epoch.electorate->members()) {
      const bool known = std::find(members.begin(), members.end(), id) != members.end();
      if (!known) members.push_back(id);
    }
  }
  return members;
}

std::vector<RoundNum> Membership::starts_above(RoundNum round) const {
  std::vector<RoundNum> starts;
  for (const Epoch& epoch : epochs_) {
    if (epoch.from > round) starts.push_back(epoch.from);
  }
  return starts;
}

Incarnation Membership::last_chosen(NodeId node) const {
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    if (change->node == node) return change->incarnation;
  }
  return genesis_.has_value() ? genesis_->incarnation_of(node) : Incarnation(0);
}

Incarnation Membership::incarnation_at(NodeId node, RoundNum round) const {
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    if (change->node == node && change->from <= round) return change->incarnation;
  }
  return genesis_->incarnation_of(node);
}

std::optional<RoundNum> Membership::counts_from(NodeId node, Incarnation incarnation) const {
  if (last_chosen(node) != incarnation || incarnation == Incarnation(0)) return std::nullopt;
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    if (change->node == node) return change->from;
  }
  return RoundNum(1);
}

bool Membership::changes_at(RoundNum round) const {
  return std::any_of(changes_.begin(), changes_.end(),
                     [&](const IncarnationChange& change) { return change.from == round; });
}

bool Membership::readmit(const Readmit& readmit, RoundNum chosen_in, RoundNum from) {
  if (readmit.incarnation == Incarnation(0)) return false;
  if (last_chosen(readmit.node) != readmit.expected) return false;
  SYNOD_MARK("membership.another-memory-counts");
  SYNOD_CHECK(from > known_to_ || SYNOD_MUTANT("admitted-inside-window"),
              "a change of incarnations inside the window");
  // Only the newest change that already binds, and those that pend, can still matter.
  const auto binds_later = [&](const IncarnationChange& change) {
    return std::any_of(changes_.begin(), changes_.end(), [&](const IncarnationChange& other) {
      return other.node == change.node && other.from > change.from && other.from <= chosen_in;
    });
  };
  std::vector<IncarnationChange> kept;
  for (const IncarnationChange& change : changes_) {
    if (change.node != readmit.node || !binds_later(change)) kept.push_back(change);
  }
  changes_ = std::move(kept);
  changes_.push_back({readmit.node, from, readmit.incarnation});
  return true;
}

void Membership::forget_below(RoundNum applied) {
  while (epochs_.size() > 1 && epochs_[1].from <= applied) {
    epochs_.pop_front();
    ++version_;
  }
}

}  // namespace synod
