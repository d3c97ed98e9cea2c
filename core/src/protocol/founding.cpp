#include "protocol/founding.hpp"

#include <algorithm>

#include <synod/probe.hpp>

#include "base/mutants.hpp"

namespace synod {

namespace {

GenesisMap without_addresses(GenesisMap map) {
  for (GenesisMember& member : map.members) member.member.address.clear();
  return map;
}

}  // namespace

std::string listed(const std::vector<NodeId>& ids) {
  std::string text;
  for (const NodeId id : ids) text += (text.empty() ? "" : ",") + to_string(id);
  return text;
}

bool same_map(const GenesisMap& a, const GenesisMap& b) {
  return without_addresses(a) == without_addresses(b);
}

Founding::Founding(Shared& shared) : shared_(shared), vote_(shared) {
  for (const Member& member : shared_.options.founders.members) {
    const bool self = member.id == shared_.options.id;
    founders_.push_back({member, self ? shared_.options.incarnation : Incarnation(0)});
  }
  std::sort(founders_.begin(), founders_.end(),
            [](const Founder& a, const Founder& b) { return a.member.id < b.member.id; });
}

bool Founding::is_founder() const {
  return shared_.options.founders.find(shared_.options.id) != nullptr;
}

Founding::Founder* Founding::find(NodeId id) {
  for (Founder& founder : founders_) {
    if (founder.member.id == id) return &founder;
  }
  return nullptr;
}

bool Founding::all_known() const {
  return std::all_of(founders_.begin(), founders_.end(),
                     [](const Founder& founder) { return founder.known(); });
}

GenesisMap Founding::gathered() const {
  GenesisMap map;
  map.policy = shared_.options.founders.policy;
  map.remembered_rounds = shared_.options.remembered_rounds;
  map.founding = shared_.options.founding;
  for (const Founder& founder : founders_) {
    map.members.push_back({founder.member, founder.known() ? founder.incarnation : Incarnation(0)});
  }
  return map;
}

std::vector<NodeId> Founding::other_founders() const {
  std::vector<NodeId> others;
  for (const Founder& founder : founders_) {
    if (founder.member.id != shared_.options.id) others.push_back(founder.member.id);
  }
  return others;
}

const GenesisMap* Founding::complete_map() const {
  return stage_ == GenesisStage::kComplete ? &*map_ : nullptr;
}

void Founding::restore(const GenesisRecord& record) {
  map_ = record.map;
  stage_ = record.complete ? GenesisStage::kComplete : GenesisStage::kFixed;
}

std::string Founding::contradiction() const {
  const std::optional<GenesisMap>& voted = vote_.vote().accepted;
  if (founders_.empty() || (!map_.has_value() && !voted.has_value())) return {};
  if (!may_adopt(map_.has_value() ? *map_ : *voted)) {
    return "started with another way of founding (all, or a quorum) than the cluster was founded "
           "by; start it with that one";
  }
  if (!map_.has_value()) {
    if (same_terms(*voted, gathered())) return {};
    return "voted on a genesis with other members, roles, weights or policy than it was started "
           "with; start it with those";
  }
  std::vector<NodeId> founded;
  std::vector<NodeId> given;
  for (const GenesisMember& member : map_->members) founded.push_back(member.member.id);
  for (const Founder& founder : founders_) given.push_back(founder.member.id);
  if (founded == given) return {};
  return "started with members " + listed(given) + ", but the cluster was founded by " +
         listed(founded) + "; start it with those, and change members by the log";
}

void Founding::start() {
  ask_at_ = shared_.now;
  patient_until_ = shared_.now.after(shared_.options.campaign_timeout);
  if (map_.has_value()) {
    if (Founder* self = find(shared_.options.id)) self->confirmed = true;
    update_caution();
  }
  consider();
  tick();
}

// Fixes the map once every founder's incarnation is known, completes it once all confirmed it.
void Founding::consider() {
  if (by_quorum()) return consider_vote();
  if (stage_ == GenesisStage::kGathering && may_found() && all_known()) {
    if (founders_.size() == 1 && !shared_.options.found_alone) return;
    fix(gathered());
  }
  if (stage_ != GenesisStage::kFixed) return;
  const bool all = std::all_of(founders_.begin(), founders_.end(),
                               [](const Founder& founder) { return founder.confirmed; });
  const bool enough = all || SYNOD_MUTANT("genesis-without-confirmation");
  if (enough && !founders_.empty()) complete(*map_, true);
}

void Founding::fix(GenesisMap map) {
  stage_ = GenesisStage::kFixed;
  map_ = std::move(map);
  attempts_ = 0;
  shared_.outbox.record(GenesisRecord{*map_, false});
  fixed_sequence_ = shared_.outbox.sequence();
  // Nobody hears of it before it is durable.
  tell(other_founders(), true);
}

void Founding::complete(GenesisMap map, bool record) {
  stage_ = GenesisStage::kComplete;
  // Addresses given here are newer than those of the founding.
  for (GenesisMember& member : map.members) {
    if (const Founder* founder = find(member.member.id)) {
      member.member.address = founder->member.address;
    }
  }
  map_ = std::move(map);
  if (record) shared_.outbox.record(GenesisRecord{*map_, true});
  vote_.stop();
  if (Founder* self = find(shared_.options.id)) self->confirmed = true;
  update_caution();
  attempts_ = 0;
  ask_at_ = shared_.now;
}

bool Founding::may_adopt(const GenesisMap& map) const {
  return !is_founder() || map.founding == shared_.options.founding;
}

void Founding::adopt(const GenesisMap& map) {
  if (stage_ != GenesisStage::kComplete) complete(map, true);
}

void Founding::write_anew() {
  if (is_replacement_) shared_.outbox.record(ReplacementRecord{});
  if (map_.has_value()) {
    shared_.outbox.record(GenesisRecord{*map_, stage_ == GenesisStage::kComplete});
  }
  if (stage_ != GenesisStage::kComplete) vote_.write_anew();
}

void Founding::written(std::uint64_t sequence) {
  vote_.written(sequence);
  if (by_quorum()) return consider_vote();
  if (fixed_sequence_ == 0 || sequence < fixed_sequence_) return;
  fixed_sequence_ = 0;
  if (Founder* self = find(shared_.options.id)) self->confirmed = true;
  consider();
}

void Founding::on(NodeId from, Incarnation incarnation, const GenesisNote& note) {
  Founder* founder = find(from);
  if (stage_ != GenesisStage::kComplete && note.map.has_value() && !may_adopt(*note.map)) {
    // Founded by another rule, or about to be: never this node's cluster.
    if (founder != nullptr) founder->differs = true;
  } else if (by_quorum()) {
    hear_by_quorum(founder, incarnation, note);
  } else {
    hear_by_all(founder, incarnation, note);
  }
  consider();
  const bool knows_more = note.stage < stage_ || note.stage == GenesisStage::kGathering;
  // Where a quorum founded, the answer says that this node holds the map.
  const bool open = stage_ == GenesisStage::kFixed || by_quorum();
  if (note.answer_wanted && (knows_more || open)) tell({from}, false);
}

void Founding::hear_by_all(Founder* founder, Incarnation incarnation, const GenesisNote& note) {
  if (stage_ == GenesisStage::kGathering && founder != nullptr) {
    founder->incarnation = incarnation;
    founder->differs = false;
  }
  const bool complete_there = note.stage == GenesisStage::kComplete && note.map.has_value();
  if (stage_ == GenesisStage::kGathering && complete_there) {
    SYNOD_MARK("founding.hears-that-it-is-complete");
    complete(*note.map, true);
  } else if (stage_ == GenesisStage::kGathering && note.map.has_value()) {
    // Somebody heard of all before this node did. Its map is ours if it is made of what was given
    // here; a map with another memory of this node in it is never completed by it.
    GenesisMap expected = gathered();
    for (GenesisMember& member : expected.members) {
      if (member.member.id != shared_.options.id) {
        member.incarnation = note.map->incarnation_of(member.member.id);
      }
    }
    if (may_found() && same_map(expected, *note.map)) {
      SYNOD_MARK("founding.takes-the-map-of-another");
      fix(*note.map);
    }
  }
  if (stage_ != GenesisStage::kFixed || !note.map.has_value()) return;
  const bool same = same_map(*map_, *note.map);
  if (founder != nullptr) {
    founder->confirmed = same && map_->incarnation_of(founder->member.id) == incarnation;
    founder->differs = !same;
    founder->founded = !same && complete_there;
  }
  if (same && complete_there) complete(*map_, true);
}

void Founding::tell(std::vector<NodeId> to, bool answer_wanted) {
  GenesisNote note;
  note.stage = stage_;
  note.answer_wanted = answer_wanted;
  if (stage_ != GenesisStage::kGathering) {
    note.map = map_;
  } else if (by_quorum() && is_founder()) {
    note.map = terms();
  }
  shared_.outbox.send_after_records(std::move(to), std::move(note));
}

void Founding::ask() {
  std::vector<NodeId> to = other_founders();
  for (const NodeId peer : shared_.options.peers) {
    if (peer != shared_.options.id && std::find(to.begin(), to.end(), peer) == to.end()) {
      to.push_back(peer);
    }
  }
  tell(std::move(to), true);
}

void Founding::tick() {
  if (by_quorum()) {
    vote_.tick();
    consider_vote();
  }
  if (shared_.now < ask_at_) return;
  if (stage_ == GenesisStage::kComplete) return spread();
  if (attempts_ > 0) SYNOD_MARK("founding.asks-again");
  ask();
  const int sooner = SYNOD_BUGGIFY("founding.asks-early") ? 20 : 1;
  ask_at_ =
      shared_.now.after(shared_.backed_off(shared_.options.retransmit_after / sooner, attempts_));
  ++attempts_;
}

Timestamp Founding::deadline() const {
  if (stage_ == GenesisStage::kComplete) return spreads() ? ask_at_ : Timestamp::max();
  return std::min({ask_at_, vote_.deadline(), may_campaign_at().value_or(Timestamp::max())});
}

// Then the one that this memory fixed is complete nowhere, or all founders confirmed two maps.
bool Founding::is_too_late() const {
  return stage_ == GenesisStage::kFixed &&
         std::any_of(founders_.begin(), founders_.end(),
                     [](const Founder& founder) { return founder.founded; });
}

std::string Founding::detail() const {
  if (stage_ == GenesisStage::kComplete) return {};
  if (is_replacement_) {
    return "the memory of this node was damaged, or a copy that may be old, and nobody who answers "
           "knows the cluster: start those that do; where all are copies, and the latest, stop all "
           "and see `synod-journal adopt`; to begin anew without what was, delete every directory";
  }
  return by_quorum() ? detail_by_quorum() : detail_by_all();
}

std::string Founding::detail_by_all() const {
  std::vector<NodeId> silent;
  std::vector<NodeId> unconfirmed;
  std::vector<NodeId> differing;
  std::vector<NodeId> founded;
  for (const Founder& founder : founders_) {
    if (founder.incarnation == Incarnation(0)) silent.push_back(founder.member.id);
    if (!founder.confirmed) unconfirmed.push_back(founder.member.id);
    if (founder.differs) differing.push_back(founder.member.id);
    if (founder.founded) founded.push_back(founder.member.id);
  }
  if (!founded.empty()) {
    return "node " + listed(founded) +
           " founded the cluster with another map than this memory confirmed: stop this node, empty "
           "its directory, start it again";
  }
  if (!differing.empty()) {
    if (stage_ == GenesisStage::kGathering) {
      return "node " + listed(differing) +
             " was told to found by a quorum, this one by all: give all founders the same";
    }
    return "node " + listed(differing) +
           " fixed another map of the founders: stop all, delete every directory, start again";
  }
  if (stage_ == GenesisStage::kFixed) {
    return "waiting for node " + listed(unconfirmed) + " to confirm";
  }
  if (founders_.size() == 1) return "a cluster of one must be asked for (found_alone)";
  if (founders_.empty()) return "waiting for a member to tell of the cluster";
  return "waiting to hear from node " + listed(silent);
}

}  // namespace synod
