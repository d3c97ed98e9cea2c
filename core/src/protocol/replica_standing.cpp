// Who this node is to the others: genesis, participation, standing, removal; and the view.
#include <algorithm>
#include <utility>

#include <synod/check.hpp>
#include <synod/probe.hpp>

#include "base/mutants.hpp"
#include "protocol/replica_implementation.hpp"

namespace synod {

void Replica::Implementation::violate(std::string text) {
  if (halted_) return;
  halted_ = true;
  shared_.outbox.event(Violation{std::move(text)});
}

// --- Genesis and participation.

void Replica::Implementation::on(From from, const Announcement& announcement) {
  if (may_vote()) readmission_.on(from.first, from.second, announcement);
}

void Replica::Implementation::on(From from, const Challenge& challenge) {
  if (SYNOD_MUTANT("h1-majority-acknowledges")) challengers_.insert(from.first);
  if (!may_vote()) readmission_.on(from.first, challenge);
}

void Replica::Implementation::on(From /*from*/, const Vouch& vouch) {
  if (proposer_.leads()) readmission_.on(vouch);
}

bool Replica::Implementation::seeks_admission() const {
  return participation_ == Participation::kPassive &&
         (passive_reason_ == PassiveReason::kMemoryLost ||
          passive_reason_ == PassiveReason::kNotMember);
}

// A node whose memory does not count asks to be let in; one that is let in but lacks rounds below
// the one from which it counts asks for them to be settled.
void Replica::Implementation::seek_admission() {
  if (seeks_admission()) readmission_.announce(peers());
  if (participation_ != Participation::kPartiallyActive || shared_.now < ask_to_lead_at_) return;
  ask_to_lead_at_ = shared_.now.after(shared_.jittered(shared_.options.retransmit_after * 2));
  const auto from = membership_.counts_from(shared_.options.id, shared_.options.incarnation);
  if (from.has_value() && learner_.applied() < from->previous()) {
    SYNOD_MARK("replica.newcomer-wants-rounds-settled");
    ask_to_settle(from->previous());
  }
}

void Replica::Implementation::admit_others() {
  if (!may_campaign()) return;
  while (const auto readmit = readmission_.due(proposer_.leads(), leader_seems_alive())) {
    Append append;
    append.entry.id = shared_.prng.entry_id();
    append.entry.kind = EntryKind::kReadmit;
    append.entry.payload = encode(*readmit);
    append.deadline = shared_.now.after(shared_.options.campaign_timeout * 4);
    (void)proposer_.enqueue(std::move(append));
  }
  if (leader_seems_alive()) readmission_.vouch(leader_coord_.proposer);
}

void Replica::Implementation::found() {
  const GenesisMap* map = founding_.complete_map();
  if (map == nullptr || membership_.genesis().has_value()) return;
  membership_.found(*map);
  learner_.remember(map->remembered_rounds);
  (void)extend_window();
}

void Replica::Implementation::note_incarnation(From from) {
  if (!membership_.genesis().has_value()) return;
  const Incarnation expected = membership_.last_chosen(from.first);
  if (expected == Incarnation(0)) return;
  if (expected == from.second) {
    lost_memories_.erase(from.first);
  } else if (lost_memories_.insert(from.first).second && !founding_.caution().empty()) {
    shared_.outbox.event(Warning{"node " + to_string(from.first) + " lost its memory too early (" +
                                 founding_.caution() +
                                 "): with those others it may found the cluster a second time"});
  }
}

// Another memory of this node was chosen after this one: after a restart the log may not have been
// applied that far yet, so only a log that is far enough can tell.
bool Replica::Implementation::is_superseded() const {
  return learner_.applied().next() >= *admitted_from_ &&
         membership_.last_chosen(shared_.options.id) != shared_.options.incarnation;
}

// For a mutant: whoever saw a proposal and its commit was taken for a full member.
void Replica::Implementation::note_seen_commit(RoundNum round, const CoordNum& coord) {
  const auto seen = seen_proposals_.find(round);
  saw_a_commit_ = saw_a_commit_ || (seen != seen_proposals_.end() && seen->second == coord);
}

// What nodes did before their memory was part of the log: only mutants do.
bool Replica::Implementation::takes_itself_for_alive() const {
  if (SYNOD_MUTANT("empty-journal-votes")) return true;
  if (SYNOD_MUTANT("h1-activate-on-commit")) return saw_a_commit_;
  const ElectoratePtr& electorate = membership_.newest();
  return SYNOD_MUTANT("h1-majority-acknowledges") && electorate != nullptr &&
         2 * challengers_.size() > electorate->acceptors().size();
}

void Replica::Implementation::update_participation() {
  found();
  Participation next = Participation::kPassive;
  PassiveReason reason = PassiveReason::kNone;
  std::string detail;
  RoundNum votes_from;
  const auto from = membership_.counts_from(shared_.options.id, shared_.options.incarnation);
  if (storage_trouble_) {
    reason = PassiveReason::kStorage;
    detail = passive_detail_;
  } else if (!membership_.genesis().has_value()) {
    reason = founding_.is_too_late() ? PassiveReason::kOtherGenesis : PassiveReason::kGenesis;
    detail = founding_.detail();
  } else if (admitted_from_.has_value() && admission_sequence_ == 0 && !is_superseded()) {
    next = Participation::kActive;
    votes_from = *admitted_from_;
  } else if (!from.has_value() && takes_itself_for_alive()) {
    next = Participation::kActive;
  } else if (!from.has_value()) {
    const bool never = membership_.last_chosen(shared_.options.id) == Incarnation(0);
    reason = never ? PassiveReason::kNotMember : PassiveReason::kMemoryLost;
  } else if (*from == RoundNum(1)) {
    next = Participation::kActive;
    votes_from = *from;
  } else {
    // Votes only from where its memory counts, and once it durably holds all that came before.
    next = Participation::kPartiallyActive;
    votes_from = *from;
    const bool caught_up =
        learner_.durably_applied() >= from->previous() || SYNOD_MUTANT("votes-before-caught-up");
    if (caught_up && !admitted_from_.has_value()) {
      admitted_from_ = *from;
      SYNOD_MARK("replica.new-memory-votes");
      shared_.outbox.record(AdmissionRecord{*from});
      admission_sequence_ = shared_.outbox.sequence();
    }
  }
  if (next != Participation::kPassive) detail = founding_.caution();
  if (next == participation_ && reason == passive_reason_ && detail == passive_detail_) return;
  const Participation before = std::exchange(participation_, next);
  passive_reason_ = reason;
  passive_detail_ = detail;
  if (next == Participation::kPassive) election_.stop();
  shared_.outbox.event(ParticipationChanged{before, next, reason, votes_from, std::move(detail)});
}

// --- Standing.

Standing Replica::Implementation::standing() const {
  if (!learner_.has_state()) return Standing::kDisoriented;
  const CoordNum own = renews() ? election_.coord() : proposer_.coord();
  if (proposer_.leads() && acceptor_.promised() <= own) return Standing::kLeading;
  const bool heard_nothing = highest_seen_ == RoundNum(0) && !leader_heard_;
  const bool behind = highest_seen_.above(learner_.applied()) > concurrency() ||
                      fetcher_.is_behind(learner_.applied());
  return heard_nothing || behind ? Standing::kLagging : Standing::kFollowing;
}

void Replica::Implementation::update_standing() {
  const Standing now = standing();
  if (now != standing_) {
    shared_.outbox.event(StandingChanged{standing_, now});
    standing_ = now;
  }
  const ElectoratePtr& electorate = membership_.newest();
  if (electorate == nullptr) return;
  if (losses_of_ == electorate && losses_lost_ == lost_memories_.size()) return;
  AcceptorSet lost = 0;
  for (const NodeId id : lost_memories_) {
    lost |= electorate->bit_of(id, electorate->incarnation_of(id));
  }
  const int stood = electorate->losses_stood(lost);
  if (stood < 0 && (losses_stood_ >= 0 || losses_of_ == nullptr)) {
    shared_.outbox.event(Warning{
        "too many members lost their memory: those left cannot form a quorum, and the cluster "
        "stands still; start a member with its own data directory, or see `synod-journal adopt`"});
  }
  losses_of_ = electorate;
  losses_lost_ = lost_memories_.size();
  losses_stood_ = stood;
}

// --- Removal (H20).

void Replica::Implementation::watch_removal() {
  const RoundNum next = learner_.applied().next();
  const ElectoratePtr& electorate = membership_.at(next);
  if (electorate == nullptr) return;
  if (electorate->has_member(shared_.options.id)) {
    was_member_ = true;
    removal_.reset();
    return;
  }
  if (was_member_ && !removal_.has_value()) {
    removal_ = Removal{next, electorate, 0, shared_.now};
  }
  if (!removal_.has_value()) return;
  const ElectoratePtr& successors = removal_->successors;
  if ((successors->is_phase1_quorum(removal_->durable) &&
       successors->is_phase2_quorum(removal_->durable)) ||
      SYNOD_MUTANT("removed-too-early")) {
    SYNOD_MARK("replica.removal-complete");
    shared_.outbox.event(RemovalComplete{removal_->boundary});
    removal_.reset();
    was_member_ = false;
    return;
  }
  if (shared_.now < removal_->ask_at) return;
  removal_->ask_at = shared_.now.after(shared_.jittered(shared_.options.retransmit_after * 2));
  std::vector<NodeId> missing = successors->ids(successors->all() & ~removal_->durable);
  // An empty range: only how far they are is asked for.
  shared_.outbox.send(std::move(missing), Fetch{shared_.prng.next(), RoundNum(1), RoundNum(0)});
}

// --- The view.

const std::vector<NodeId>& Replica::Implementation::peers() {
  if (peers_version_ != membership_.version()) {
    peers_version_ = membership_.version();
    peers_ = find_peers();
  }
  return peers_;
}

std::vector<NodeId> Replica::Implementation::find_peers() const {
  std::vector<NodeId> peers;
  const auto add = [&](NodeId id) {
    const bool known = std::find(peers.begin(), peers.end(), id) != peers.end();
    if (id != shared_.options.id && !known) peers.push_back(id);
  };
  if (membership_.newest() != nullptr) {
    // Those of an earlier cluster hold what the next one still lacks (H20).
    for (const NodeId id : membership_.members_known()) add(id);
  } else {
    for (const Member& member : shared_.options.founders.members) add(member.id);
  }
  for (const NodeId id : shared_.options.peers) add(id);
  return peers;
}

ReplicaView Replica::Implementation::view() const {
  ReplicaView view;
  view.id = shared_.options.id;
  view.incarnation = shared_.options.incarnation;
  view.standing = standing();
  view.participation = participation_;
  view.passive_reason = passive_reason_;
  view.participation_detail = passive_detail_;
  view.applied = learner_.applied();
  view.durably_applied = learner_.durably_applied();
  view.highest_seen = std::max(highest_seen_, fetcher_.known_settled());
  view.retained_from = learner_.retained_from();
  view.promised = acceptor_.promised();
  view.mandate = proposer_.coord();
  view.mandate_from = proposer_.leads_from();
  view.concurrency = learner_.has_state() ? concurrency() : 1;
  view.queued_appends = proposer_.queued();
  view.rounds_in_flight = proposer_.in_flight();
  view.genesis = membership_.genesis().has_value() ? &*membership_.genesis() : nullptr;
  const ElectoratePtr& next = membership_.at(learner_.applied().next());
  const ElectoratePtr& electorate = next != nullptr ? next : membership_.newest();
  if (electorate != nullptr) view.cluster = electorate->cluster();
  view.further_losses = static_cast<std::uint64_t>(std::max(losses_stood_, 0));
  view.log_digest = learner_.digest();
  return view;
}

std::string Replica::Implementation::describe() const {
  const ReplicaView now = view();
  std::string text = "node " + to_string(now.id) + " " + std::string(to_string(now.standing)) +
                     " " + std::string(to_string(now.participation));
  text += " applied " + to_string(now.applied) + " promised " + to_string(now.promised);
  if (proposer_.leads()) {
    text += " leads from " + to_string(now.mandate_from) + " at " + to_string(now.mandate);
  }
  text += " accepted " + std::to_string(acceptor_.accepted_count()) + " in flight " +
          std::to_string(now.rounds_in_flight) + " queued " + std::to_string(now.queued_appends);
  if (election_.is_running()) text += " campaigns at " + to_string(election_.coord());
  return text;
}

void Replica::Implementation::check_invariants() const {
  SYNOD_CHECK(acceptor_.promised() >= checked_promise_, "the promise fell");
  SYNOD_CHECK(learner_.applied() >= checked_applied_, "the applied round fell");
  SYNOD_CHECK(learner_.durably_applied() <= learner_.applied(), "durable before it is applied");
  for (RoundNum round = learner_.applied().next(); round < acceptor_.accepted_end();
       round = round.next()) {
    const Acceptor::Accepted* accepted = acceptor_.accepted(round);
    if (accepted == nullptr) continue;
    SYNOD_CHECK(accepted->coord <= acceptor_.promised(), "accepted above the promise");
  }
  checked_promise_ = acceptor_.promised();
  checked_applied_ = learner_.applied();
}

}  // namespace synod
