// Founding where a quorum of the initial members decides the map: who is heard of, when to bid, and
// how all come to hold what was decided. The vote itself is FoundersVote's.
#include <algorithm>

#include "protocol/founding.hpp"

namespace synod {

namespace {

// The first repeats come fast: whoever was heard of lately is most likely there.
constexpr std::uint32_t kFastRepeats = 4;

}  // namespace

bool Founding::by_quorum() const {
  const FoundingRule rule = map_.has_value() ? map_->founding : shared_.options.founding;
  return rule == FoundingRule::kQuorum;
}

GenesisMap Founding::terms() const {
  GenesisMap map = gathered();
  for (GenesisMember& each : map.members) each.incarnation = Incarnation(0);
  return map;
}

// --- Who is there.

// A memory that was lost may have voted. Where that is noticed, the node's votes count no more: its
// next memory could help to decide another map. Where it is not noticed, nothing helps.
void Founding::meet(Founder& founder, Incarnation incarnation) {
  founder.differs = false;
  if (founder.incarnation == Incarnation(0)) founder.incarnation = incarnation;
  if (founder.incarnation != incarnation) founder.forgot = true;
}

void Founding::hear_by_quorum(Founder* founder, Incarnation incarnation, const GenesisNote& note) {
  const bool complete_there = note.stage == GenesisStage::kComplete && note.map.has_value();
  if (stage_ == GenesisStage::kComplete) {
    if (!complete_there) return;
    if (!same_map(*map_, *note.map)) {
      violation_ =
          "the cluster was founded twice: a founder lost its memory before all of them held the "
          "genesis map, and another quorum decided another one";
      return;
    }
    if (founder == nullptr) return;
    founder->confirmed = true;
    return update_caution();
  }
  const bool same = note.map.has_value() && same_terms(*note.map, gathered());
  // Whoever is no founder here cannot judge the terms, and does not vote on them.
  if (complete_there && (same || !is_founder())) {
    if (founder != nullptr) founder->confirmed = true;
    return complete(*note.map, true);
  }
  if (founder == nullptr) return;
  if (same) {
    meet(*founder, incarnation);
  } else {
    founder->differs = true;
  }
}

// --- The vote.

// The founder that speaks, if this node takes part in a vote with it.
Founding::Founder* Founding::voter(NodeId from, Incarnation incarnation) {
  Founder* founder = find(from);
  if (stage_ != GenesisStage::kGathering || founder == nullptr || !may_found()) return nullptr;
  if (!by_quorum()) {
    founder->differs = true;
    return nullptr;
  }
  if (founder->incarnation != Incarnation(0)) meet(*founder, incarnation);
  return founder->forgot ? nullptr : founder;
}

bool Founding::takes_ballot(NodeId from, Incarnation incarnation, const CoordNum& coord,
                            const GenesisMap& map) {
  if (stage_ == GenesisStage::kComplete) {
    tell({from}, false);
    return false;
  }
  if (coord.proposer != from || coord.incarnation != incarnation) return false;
  Founder* founder = voter(from, incarnation);
  if (founder == nullptr) return false;
  if (!same_terms(map, gathered())) {
    founder->differs = true;
    return false;
  }
  meet(*founder, incarnation);
  return true;
}

void Founding::on(NodeId from, Incarnation incarnation, const GenesisPrepare& prepare) {
  if (takes_ballot(from, incarnation, prepare.coord, prepare.terms)) vote_.on(from, prepare);
  consider();
}

void Founding::on(NodeId from, Incarnation incarnation, const GenesisPropose& propose) {
  if (takes_ballot(from, incarnation, propose.coord, propose.map)) {
    violation_ = vote_.on(from, propose);
  }
  consider();
}

// Who answers a bid of this node has found its terms to be the same.
void Founding::on(NodeId from, Incarnation incarnation, const GenesisPromise& promise) {
  if (voter(from, incarnation) == nullptr) return;
  meet(*find(from), incarnation);
  vote_.on(from, promise);
  consider();
}

void Founding::on(NodeId from, Incarnation incarnation, const GenesisAcceptance& acceptance) {
  if (voter(from, incarnation) == nullptr) return;
  vote_.on(from, acceptance);
  consider();
}

void Founding::on(NodeId from, Incarnation incarnation, const GenesisConflict& conflict) {
  if (voter(from, incarnation) == nullptr) return;
  vote_.on(from, conflict);
  consider();
}

// When this node may bid: once it heard of enough founders for the cluster to work, and of all of
// them or none more for a while, so that those that start together are founders together.
std::optional<Timestamp> Founding::may_campaign_at() const {
  const Member* self = shared_.options.founders.find(shared_.options.id);
  if (stage_ != GenesisStage::kGathering || !by_quorum() || vote_.campaigns()) return std::nullopt;
  if (self == nullptr || !self->roles.propose) return std::nullopt;
  if (founders_.size() == 1 && !shared_.options.found_alone) return std::nullopt;
  if (!vote_.names_enough(gathered())) return std::nullopt;
  return all_known() ? vote_.may_campaign_at() : std::max(patient_until_, vote_.may_campaign_at());
}

void Founding::consider_vote() {
  if (stage_ != GenesisStage::kGathering || is_replacement_) return;
  if (vote_.campaigns()) {
    if (const auto decided = vote_.advance(gathered())) complete(*decided, true);
  }
  const std::optional<Timestamp> at = may_campaign_at();
  if (!at.has_value() || shared_.now < *at) return;
  if (!ready_ && founders_.size() > 1) {
    ready_ = true;
    return vote_.wait_a_moment();
  }
  vote_.campaign(terms());
}

// --- Afterwards.

bool Founding::spreads() const { return stage_ == GenesisStage::kComplete && !caution_.empty(); }

// Tells the map to those that are not known to hold it, and asks them to say that they do.
void Founding::spread() {
  if (!spreads()) return;
  std::vector<NodeId> to;
  for (const Founder& founder : founders_) {
    if (!founder.confirmed) to.push_back(founder.member.id);
  }
  tell(std::move(to), true);
  const bool fast = attempts_ < kFastRepeats;
  ask_at_ = shared_.now.after(fast ? shared_.backed_off(shared_.options.retransmit_after, attempts_)
                                   : shared_.jittered(shared_.options.idle_interval));
  ++attempts_;
}

void Founding::update_caution() {
  std::vector<NodeId> unconfirmed;
  for (const Founder& founder : founders_) {
    if (!founder.confirmed) unconfirmed.push_back(founder.member.id);
  }
  caution_.clear();
  if (!by_quorum() || !is_founder() || unconfirmed.empty()) return;
  caution_ = "founded by a quorum: until node " + listed(unconfirmed) +
             " is known to hold the genesis map, no founder may lose its memory";
}

std::string Founding::detail_by_quorum() const {
  std::vector<NodeId> heard;
  std::vector<NodeId> silent;
  std::vector<NodeId> differing;
  std::vector<NodeId> forgetful;
  for (const Founder& founder : founders_) {
    (founder.known() ? heard : silent).push_back(founder.member.id);
    if (founder.differs) differing.push_back(founder.member.id);
    if (founder.forgot) forgetful.push_back(founder.member.id);
  }
  if (!differing.empty()) {
    return "node " + listed(differing) +
           " was given other founders, another policy or another way of founding: give all "
           "founders the same";
  }
  if (!forgetful.empty()) {
    return "node " + listed(forgetful) +
           " lost its memory while the cluster was being founded, and does not count: stop all, "
           "delete every directory, start again";
  }
  if (founders_.empty()) return "waiting for a member to tell of the cluster";
  if (founders_.size() == 1) return "a cluster of one must be asked for (found_alone)";
  if (silent.empty()) return "founding by a quorum: all were heard of";
  return "founding by a quorum: heard of node " + listed(heard) + ", not of node " + listed(silent);
}

}  // namespace synod
