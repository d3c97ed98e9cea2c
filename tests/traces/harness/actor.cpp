#include "traces/harness/actor.hpp"

#include <utility>

namespace synod::traces {

CandidateVote ScriptedVoter::contemplate_candidate(const Candidacy&) {
  return {.yea = opinion != Opinion::kAbstain};
}

ProposalVote ScriptedVoter::contemplate_proposal(const Proposal&) {
  return {.yea = opinion != Opinion::kNay};
}

namespace {

Incarnation first_incarnation(NodeId id) { return Incarnation(0xa0 + id.value()); }

template <class Element>
void move_to(std::vector<Element>& from, std::vector<Element>& to) {
  for (Element& each : from) to.push_back(std::move(each));
  from.clear();
}

}  // namespace

Actor::Actor(NodeId id, const Casting& casting, simulation::Checker& checker)
    : id_(id), casting_(casting), checker_(checker), incarnation_(first_incarnation(id)) {
  durable_.push_back(IdentityRecord{incarnation_});
  if (casting_.founded) found();
}

void Actor::found() {
  GenesisMap map;
  for (const Member& member : casting_.cluster.members) {
    map.members.push_back({member, first_incarnation(member.id)});
  }
  map.policy = casting_.cluster.policy;
  map.remembered_rounds = casting_.options.remembered_rounds;
  if (map.incarnation_of(id_) == incarnation_) durable_.push_back(GenesisRecord{map, true});
  checker_.on_genesis(map);
}

void Actor::start(Timestamp now) {
  ++lives_;
  ReplicaOptions options = casting_.options;
  options.id = id_;
  options.incarnation = incarnation_;
  options.seed = id_.value() * 1000 + lives_;
  options.founders = casting_.cluster;
  const auto founding = casting_.foundings.find(id_);
  if (founding != casting_.foundings.end()) options.founding = founding->second;
  if (casting_.cluster.find(id_) == nullptr) {
    for (const Member& member : casting_.cluster.members) options.peers.push_back(member.id);
    options.founders = {};
  }
  state_ = std::make_unique<ScriptedState>(id_, casting_.cluster, casting_.window, checker_);
  checker_.on_started(id_);
  if (!std::exchange(put_back_, false)) checker_.on_loaded(id_, incarnation_, durable_);
  replica_ = std::make_unique<Replica>(options, *state_, voter_, Recovered{durable_, saved_}, now);
}

void Actor::crash() {
  replica_.reset();
  pending_.clear();
  released_.clear();
  lazy_.clear();
}

void Actor::wipe() {
  if (up()) crash();
  durable_.clear();
  saved_.reset();
  incarnation_ = Incarnation(incarnation_.value() + 0x100);
  durable_.push_back(IdentityRecord{incarnation_});
}

std::string Actor::put_back(Return how) {
  if (up()) crash();
  Loaded loaded = backup_->load(how);
  if (loaded.memory == MemoryKind::kIntact) {
    durable_ = std::move(loaded.records);
    saved_ = std::move(loaded.snapshot);
    incarnation_ = std::get<IdentityRecord>(durable_.front()).incarnation;
    put_back_ = true;
    return "intact";
  }
  wipe();
  durable_.emplace_back(ReplacementRecord{});
  return "a copy";
}

void Actor::take(std::vector<Outgoing>& messages, std::vector<Event>& events) {
  Output output;
  replica_->take_output(output);
  move_to(released_, messages);
  move_to(output.messages, messages);
  move_to(output.lazy_records, lazy_);
  move_to(output.events, events);
  last_sequence_ = output.sequence;
  // A disk that is fast takes the lazy ones at once as well.
  const bool writes = !output.records.empty() || (!slow_ && !lazy_.empty());
  if (!writes && pending_.empty()) {
    move_to(output.after_records, messages);
    return;
  }
  if (!writes && output.after_records.empty()) return;
  Batch batch;
  if (writes) move_to(lazy_, batch.records);
  move_to(output.records, batch.records);
  batch.after = std::move(output.after_records);
  batch.sequence = output.sequence;
  batch.checkpoint = output.checkpoint;
  for (const Record& record : batch.records) {
    if (slow_ && !batch.checkpoint) tell(record, false);
  }
  pending_.push_back(std::move(batch));
}

// Votes are shown twice: while they wait, and once they are durable.
void Actor::tell(const Record& record, bool durable) const {
  if (!tell_) return;
  simulation::Moment moment = simulation::moment_of(record);
  if (!durable && moment.happening == simulation::Happening::kDurable) return;
  if (!durable) moment.happening = simulation::Happening::kWriting;
  moment.node = id_;
  tell_(std::move(moment));
}

bool Actor::write(Timestamp now, std::vector<std::string>& lines) {
  if (pending_.empty() && lazy_.empty()) return false;
  if (pending_.empty()) {
    pending_.push_back({.sequence = last_sequence_});
    move_to(lazy_, pending_.front().records);
  }
  Batch batch = std::move(pending_.front());
  pending_.pop_front();
  if (batch.checkpoint) durable_.clear();
  for (Record& record : batch.records) {
    lines.push_back(describe(record));
    if (!batch.checkpoint) tell(record, true);
    checker_.on_durable(id_, incarnation_, record, batch.checkpoint);
    durable_.push_back(std::move(record));
  }
  move_to(batch.after, released_);
  step(now, Written{batch.sequence});
  return true;
}

}  // namespace synod::traces
