#include "protocol/founding.hpp"

#include <algorithm>

namespace synod {

namespace {

GenesisMap without_addresses(GenesisMap map) {
  for (GenesisMember& member : map.members) member.member.address.clear();
  return map;
}

std::string list(const std::vector<NodeId>& ids) {
  std::string text;
  for (const NodeId id : ids) text += (text.empty() ? "" : ",") + to_string(id);
  return text;
}

}  // namespace

bool same_map(const GenesisMap& a, const GenesisMap& b) {
  return without_addresses(a) == without_addresses(b);
}

Founding::Founding(Shared& shared) : shared_(shared) {
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
  return std::all_of(founders_.begin(), founders_.end(), [](const Founder& founder) {
    return founder.incarnation != Incarnation(0);
  });
}

GenesisMap Founding::gathered() const {
  GenesisMap map;
  map.policy = shared_.options.founders.policy;
  map.remembered_rounds = shared_.options.remembered_rounds;
  for (const Founder& founder : founders_) {
    map.members.push_back({founder.member, founder.incarnation});
  }
  return map;
}

const GenesisMap* Founding::complete_map() const {
  return stage_ == GenesisStage::kComplete ? &*map_ : nullptr;
}

void Founding::restore(const GenesisRecord& record) {
  map_ = record.map;
  stage_ = record.complete ? GenesisStage::kComplete : GenesisStage::kFixed;
}

std::string Founding::contradiction() const {
  if (!map_.has_value() || founders_.empty()) return {};
  std::vector<NodeId> founded;
  std::vector<NodeId> given;
  for (const GenesisMember& member : map_->members) founded.push_back(member.member.id);
  for (const Founder& founder : founders_) given.push_back(founder.member.id);
  if (founded == given) return {};
  return "started with members " + list(given) + ", but the cluster was founded by " +
         list(founded) + "; start it with those, and change members by the log";
}

void Founding::start() {
  ask_at_ = shared_.now;
  if (map_.has_value()) {
    if (Founder* self = find(shared_.options.id)) self->confirmed = true;
  }
  consider();
  tick();
}

// Fixes the map once every founder's incarnation is known, completes it once all confirmed it.
void Founding::consider() {
  if (stage_ == GenesisStage::kGathering && is_founder() && all_known()) {
    if (founders_.size() == 1 && !shared_.options.found_alone) return;
    fix(gathered());
  }
  if (stage_ != GenesisStage::kFixed) return;
  const bool all = std::all_of(founders_.begin(), founders_.end(),
                               [](const Founder& founder) { return founder.confirmed; });
  if (all && !founders_.empty()) complete(*map_, true);
}

void Founding::fix(GenesisMap map) {
  stage_ = GenesisStage::kFixed;
  map_ = std::move(map);
  attempts_ = 0;
  shared_.outbox.record(GenesisRecord{*map_, false});
  fixed_sequence_ = shared_.outbox.sequence();
  // Nobody hears of it before it is durable.
  std::vector<NodeId> others;
  for (const Founder& founder : founders_) {
    if (founder.member.id != shared_.options.id) others.push_back(founder.member.id);
  }
  tell(std::move(others), true);
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
}

void Founding::adopt(const GenesisMap& map) {
  if (stage_ != GenesisStage::kComplete) complete(map, true);
}

void Founding::write_anew() {
  if (map_.has_value()) {
    shared_.outbox.record(GenesisRecord{*map_, stage_ == GenesisStage::kComplete});
  }
}

void Founding::written(std::uint64_t sequence) {
  if (fixed_sequence_ == 0 || sequence < fixed_sequence_) return;
  fixed_sequence_ = 0;
  if (Founder* self = find(shared_.options.id)) self->confirmed = true;
  consider();
}

void Founding::on(NodeId from, Incarnation incarnation, const GenesisNote& note) {
  Founder* founder = find(from);
  if (stage_ == GenesisStage::kGathering && founder != nullptr) founder->incarnation = incarnation;
  const bool complete_there = note.stage == GenesisStage::kComplete && note.map.has_value();
  if (stage_ == GenesisStage::kGathering && complete_there) {
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
    if (is_founder() && same_map(expected, *note.map)) fix(*note.map);
  }
  if (stage_ == GenesisStage::kFixed && note.map.has_value()) {
    const bool same = same_map(*map_, *note.map);
    if (founder != nullptr) {
      founder->confirmed = same && map_->incarnation_of(from) == incarnation;
      founder->differs = !same;
    }
    if (same && complete_there) complete(*map_, true);
  }
  consider();
  const bool knows_more = note.stage < stage_ || note.stage == GenesisStage::kGathering;
  if (note.answer_wanted && (knows_more || stage_ == GenesisStage::kFixed)) tell({from}, false);
}

void Founding::tell(std::vector<NodeId> to, bool answer_wanted) {
  GenesisNote note;
  note.stage = stage_;
  note.answer_wanted = answer_wanted;
  note.map = stage_ == GenesisStage::kGathering ? std::nullopt : map_;
  shared_.outbox.send_after_records(std::move(to), std::move(note));
}

void Founding::ask() {
  std::vector<NodeId> to;
  for (const Founder& founder : founders_) {
    if (founder.member.id != shared_.options.id) to.push_back(founder.member.id);
  }
  for (const NodeId peer : shared_.options.peers) {
    if (peer != shared_.options.id && std::find(to.begin(), to.end(), peer) == to.end()) {
      to.push_back(peer);
    }
  }
  tell(std::move(to), true);
}

void Founding::tick() {
  if (stage_ == GenesisStage::kComplete || shared_.now < ask_at_) return;
  ask();
  ask_at_ = shared_.now.after(shared_.backed_off(shared_.options.retransmit_after, attempts_));
  ++attempts_;
}

Timestamp Founding::deadline() const {
  return stage_ == GenesisStage::kComplete ? Timestamp::max() : ask_at_;
}

std::string Founding::detail() const {
  if (stage_ == GenesisStage::kComplete) return {};
  std::vector<NodeId> silent;
  std::vector<NodeId> unconfirmed;
  std::vector<NodeId> differing;
  for (const Founder& founder : founders_) {
    if (founder.incarnation == Incarnation(0)) silent.push_back(founder.member.id);
    if (!founder.confirmed) unconfirmed.push_back(founder.member.id);
    if (founder.differs) differing.push_back(founder.member.id);
  }
  if (!differing.empty()) {
    return "node " + list(differing) +
           " fixed another map of the founders: stop all, delete every directory, start again";
  }
  if (stage_ == GenesisStage::kFixed) return "waiting for node " + list(unconfirmed) + " to confirm";
  if (founders_.size() == 1) return "a cluster of one must be asked for (found_alone)";
  if (founders_.empty()) return "waiting for a member to tell of the cluster";
  return "waiting to hear from node " + list(silent);
}

}  // namespace synod
