// Learning: commits, applying in order, fetching, reads, and reading a journal back.
#include <algorithm>
#include <utility>

#include <synod/check.hpp>
#include <synod/probe.hpp>

#include "base/mutants.hpp"
#include "protocol/replica_implementation.hpp"

namespace synod {

namespace {

// The most rounds that a state may let be settled at once.
constexpr std::uint64_t kConcurrencyMax = 1u << 20;

}  // namespace

// --- Commits.

void Replica::Implementation::commit(const PlacedEntry& placed, NodeId told_by) {
  if (placed.round == RoundNum(0)) return;
  const Acceptor::Accepted* accepted = acceptor_.accepted(placed.round);
  const bool held = accepted != nullptr && accepted->entry == placed.entry;
  const auto held_by = held ? std::optional(accepted->sequence) : std::nullopt;
  switch (learner_.learn(placed, held_by)) {
    case Learner::Learned::kContradiction:
      return violate("round " + to_string(placed.round) +
                     " is committed with two entries: " + to_string(placed.entry.id) +
                     " from node " + to_string(told_by) + " is not what this node knows");
    case Learner::Learned::kTooFar:
      return fetcher_.settled_elsewhere(told_by, learner_.applied().next());
    case Learner::Learned::kKnown:
      return;
    case Learner::Learned::kNew:
      break;
  }
  highest_seen_ = std::max(highest_seen_, placed.round);
  proposer_.settled(placed);
  try {
    voter_.observe_commit({placed.round, placed.coord, placed.entry, shared_.now});
  } catch (...) {
    shared_.outbox.event(Warning{"the voter threw while it observed a commit"});
  }
  shared_.outbox.event(Committed{placed});
}

// H6: only what was accepted at that number, or at a later one with the same id, is what is meant.
void Replica::Implementation::commit_by_id(const CommitRun& run, NodeId told_by) {
  RoundNum round = run.first;
  for (const EntryId& id : run.ids) {
    if (SYNOD_MUTANT("h1-activate-on-commit")) note_seen_commit(round, run.coord);
    if (const PlacedEntry* known = learner_.settled(round); known != nullptr) {
      if (known->entry.id != id) {
        return violate("round " + to_string(round) +
                       " is committed with two entries: " + to_string(id) + " from node " +
                       to_string(told_by) + " is not what this node knows");
      }
    } else if (round > learner_.applied()) {
      const Acceptor::Accepted* accepted = acceptor_.accepted(round);
      const bool anything = SYNOD_MUTANT("commit-by-id-without-number");
      const bool held = accepted != nullptr && (accepted->coord >= run.coord || anything);
      if (held && accepted->coord == run.coord && accepted->entry.id != id && !anything) {
        return violate("round " + to_string(round) + " is committed at " + to_string(run.coord) +
                       " with an entry that this node did not accept at that number");
      }
      if (held && (accepted->entry.id == id || anything)) {
        commit({round, run.coord, accepted->entry}, told_by);
      } else {
        SYNOD_MARK("replica.commit-of-what-it-does-not-hold");
        if (held) SYNOD_MARK("replica.commit-of-another-id-than-it-holds");
        fetcher_.gap_below(round, told_by);
      }
    }
    round = round.next();
  }
}

void Replica::Implementation::on(From from, const Commit& message) {
  // A leader that has told nothing yet says so again and again: it is alive, but that is no news of
  // the log, and whoever lacks everything must go on asking.
  if (!message.entries.empty() || !message.by_id.empty()) fetcher_.heard();
  RoundNum highest;
  CoordNum coord;
  for (const PlacedEntry& placed : message.entries) {
    commit(placed, from.first);
    highest = std::max(highest, placed.round);
    coord = std::max(coord, placed.coord);
  }
  for (const CommitRun& run : message.by_id) {
    commit_by_id(run, from.first);
    if (!run.ids.empty()) highest = std::max(highest, run.first.plus(run.ids.size() - 1));
    coord = std::max(coord, run.coord);
  }
  if (coord.proposer != from.first) return;
  // Also where this node promised more, to itself or to a candidate that is gone: a leader that a
  // quorum follows works without this node's vote, and is not to be unseated (H15).
  if (coord < acceptor_.promised()) {
    SYNOD_MARK("replica.hears-a-leader-below-its-promise");
    if (SYNOD_MUTANT("stray-knows-no-leader")) return;
    // Unless it tells of less than what is applied here: then it was said long ago, perhaps by one
    // that leads no more.
    if (highest < learner_.applied() && !SYNOD_MUTANT("leader-of-the-past-is-shielded")) {
      SYNOD_MARK("replica.hears-a-leader-of-the-past");
      return;
    }
  }
  acceptor_.leader_shown(coord, message.quorum_age);
  directive(DirectiveKind::kCommit, highest, coord, message.quorum_age);
}

// --- Applying.

std::uint64_t Replica::Implementation::concurrency() const {
  return std::clamp<std::uint64_t>(state_.concurrency(), 1, kConcurrencyMax);
}

RoundNum Replica::Implementation::window_end() const {
  return std::min(membership_.known_to(),
                  learner_.applied().plus(shared_.options.limits.window_max));
}

bool Replica::Implementation::extend_window() {
  if (!learner_.has_state() || !membership_.genesis().has_value()) return true;
  const RoundNum known_to = learner_.applied().plus(concurrency());
  if (known_to < membership_.known_to()) {
    eject("the state's window shrank from round " + to_string(membership_.known_to()) + " to " +
          to_string(known_to) + ": applied + concurrency must never fall");
    return false;
  }
  std::string why;
  if (membership_.extend(known_to, &state_, shared_.options.limits.members_max, why)) return true;
  eject("the state names a cluster that cannot be one: " + why);
  return false;
}

void Replica::Implementation::apply_readmit(const PlacedEntry& placed) {
  Readmit readmit;
  if (!decode(placed.entry.payload, readmit)) return;
  // Binds after the last round whose electorate is fixed, on every node alike.
  const RoundNum from =
      SYNOD_MUTANT("admitted-inside-window") ? placed.round.next() : membership_.known_to().next();
  if (!membership_.readmit(readmit, placed.round, from)) return;
  // The memory votes once everything before is settled: a leader sees to that without being asked.
  if (proposer_.leads()) proposer_.settle_up_to(membership_.known_to());
}

void Replica::Implementation::apply_ready() {
  bool progress = false;
  // No electorate is known before the genesis: nothing can have been chosen.
  while (membership_.genesis().has_value()) {
    std::optional<Learner::Step> step = learner_.apply_next();
    if (!step.has_value()) break;
    progress = true;
    if (step->placed.entry.kind == EntryKind::kReadmit) apply_readmit(step->placed);
    const RoundNum round = step->placed.round;
    if (step->ejected) {
      eject("round " + to_string(round) + ": " + step->reason);
      break;
    }
    shared_.outbox.event(
        Applied{std::move(step->placed), step->skipped, step->repeat_of, concurrency()});
    if (!extend_window()) break;
  }
  if (!progress) return;
  const RoundNum applied = learner_.applied();
  highest_seen_ = std::max(highest_seen_, applied);
  acceptor_.drop_applied(applied);
  proposer_.forget_applied();
  witness_.forget_applied(applied);
  membership_.forget_below(applied);
}

void Replica::Implementation::eject(const std::string& reason) {
  if (!learner_.has_state()) return;
  resign({}, AppendErrorKind::kDisoriented);
  AppendError error;
  error.kind = AppendErrorKind::kDisoriented;
  error.fate = Fate::kDidNotHappen;
  proposer_.fail_queue(error);
  reads_.fail_all(error);
  election_.stop();
  learner_.drop_state();
  shared_.outbox.event(Ejected{learner_.applied(), reason});
}

// --- Fetching.

// For a mutant: an acceptance alone says nothing about what is chosen.
void Replica::Implementation::take_accepted_for_committed() {
  for (RoundNum round = learner_.applied().next(); round < acceptor_.accepted_end();
       round = round.next()) {
    const Acceptor::Accepted* accepted = acceptor_.accepted(round);
    if (accepted != nullptr) commit({round, accepted->coord, accepted->entry}, shared_.options.id);
  }
}

void Replica::Implementation::on(From from, const Fetch& fetch) {
  if (SYNOD_MUTANT("fetch-serves-accepted")) take_accepted_for_committed();
  const Limits& limits = shared_.options.limits;
  Entries answer;
  answer.nonce = fetch.nonce;
  answer.first = fetch.first;
  answer.settled_to = learner_.applied();
  answer.retained_from = learner_.retained_from();
  answer.durable_to = learner_.durably_applied();
  std::size_t bytes = 0;
  for (RoundNum round = fetch.first; round <= fetch.last; round = round.next()) {
    const PlacedEntry* placed = learner_.settled(round);
    if (placed == nullptr || answer.entries.size() >= limits.fetch_entries_max) break;
    bytes += placed->entry.payload.size() + 64;
    if (bytes > limits.fetch_bytes_max && !answer.entries.empty()) break;
    if (SYNOD_BUGGIFY("replica.answers-a-fetch-in-part")) break;
    answer.entries.push_back(*placed);
  }
  shared_.outbox.send(from.first, std::move(answer));
}

void Replica::Implementation::on(From from, const Entries& entries) {
  for (const PlacedEntry& placed : entries.entries) commit(placed, from.first);
  fetcher_.on(from.first, entries);
  const std::uint64_t ahead = shared_.options.limits.accepted_ahead_max;
  highest_seen_ =
      std::max(highest_seen_, std::min(entries.settled_to, learner_.applied().plus(ahead)));
  shared_.outbox.event(PeerProgress{from.first, entries.settled_to, entries.retained_from});
  if (!removal_.has_value()) return;
  if (entries.durable_to >= removal_->boundary.previous()) {
    removal_->durable |= removal_->successors->bit_of(from.first, from.second);
  }
  // What this node settled as the last thing that it did, its successors may not have heard of:
  // they were no members of that round, and nobody else may know. As if they had asked.
  if (entries.settled_to < removal_->boundary.previous()) {
    const RoundNum first = entries.settled_to.next();
    on(from, Fetch{0, first, first.plus(shared_.options.limits.fetch_entries_max)});
  }
}

// --- Reads.

RoundNum Replica::Implementation::untouched_from() const {
  if (SYNOD_MUTANT("read-touches-nothing")) return learner_.applied().next();
  return std::max({acceptor_.accepted_end(), learner_.end(), learner_.applied().next()});
}

void Replica::Implementation::on(From from, const ReadQuery& query) {
  if (!may_vote()) return;
  shared_.outbox.send(from.first, ReadAnswer{query.nonce, untouched_from(), learner_.applied()});
}

void Replica::Implementation::on(From from, const ReadAnswer& answer) {
  fetcher_.settled_elsewhere(from.first, answer.settled_to);
  reads_.on(from.first, from.second, answer);
}

void Replica::Implementation::settle_reads() {
  if (!learner_.has_state()) return;
  const auto own = may_vote() ? std::optional(untouched_from()) : std::nullopt;
  if (SYNOD_MUTANT("leader-reads-at-once") && proposer_.leads()) reads_.serve_all();
  reads_.settle(learner_.applied(), own);
  const std::optional<RoundNum> open = reads_.stuck_below();
  if (!open.has_value() || *open <= learner_.applied()) return;
  // Nobody settles what the read waits for: a leader will, or this node becomes one.
  if (shared_.now < ask_to_lead_at_) return;
  ask_to_lead_at_ = shared_.now.after(shared_.jittered(shared_.options.retransmit_after * 2));
  if (proposer_.leads()) {
    SYNOD_MARK("replica.leader-settles-for-its-read");
    asked_to_settle(*open);
    return propose();
  }
  ask_to_settle(*open);
}

// Not for ever: a node that does not hear would unseat for a reader that is long gone (H15).
void Replica::Implementation::asked_to_settle(RoundNum round) {
  if (shared_.now >= asked_until_) asked_to_settle_ = RoundNum(0);
  asked_to_settle_ = std::max(asked_to_settle_, round);
  asked_until_ = shared_.now.after(shared_.options.campaign_timeout * 4);
}

// The leader, where there is one; else this node, if it may lead; else any other member.
void Replica::Implementation::ask_to_settle(RoundNum round) {
  if (leader_seems_alive()) {
    SYNOD_MARK("replica.asks-the-leader-to-settle");
    shared_.outbox.send(leader_coord_.proposer, LeadershipRequest{round});
  } else if (may_campaign()) {
    SYNOD_MARK("replica.leads-to-settle");
    asked_to_settle(round);
  } else if (const std::vector<NodeId>& others = peers(); !others.empty()) {
    const NodeId chosen = others[static_cast<std::size_t>(shared_.prng.below(others.size()))];
    shared_.outbox.send(chosen, LeadershipRequest{round});
  }
}

// --- Reading a journal back.

void Replica::Implementation::replay(Recovered recovered) {
  learner_.begin_replay();
  if (recovered.snapshot != nullptr) {
    install(*recovered.snapshot, true);
    snapshot_ = recovered.snapshot;
  }
  for (const Record& record : recovered.records) replay_record(record);
  if (const std::string why = founding_.contradiction(); !why.empty()) violate(why);
  // The storage was stopped after it had saved an installed snapshot, and before the checkpoint:
  // what is recorded from here on rests on it, and the storage has to know (H19).
  if (recovered.snapshot != nullptr && replayed_mark_ < recovered.snapshot->round) {
    checkpoint_wanted_ = recovered.snapshot->round;
  }
  found();
  while (learner_.has_state() && !halted_ && membership_.genesis().has_value()) {
    std::optional<Learner::Step> step = learner_.apply_next();
    if (!step.has_value()) break;
    if (step->placed.entry.kind == EntryKind::kReadmit) apply_readmit(step->placed);
    if (step->ejected) eject("round " + to_string(step->placed.round) + ": " + step->reason);
    if (!extend_window()) break;
  }
  highest_seen_ = std::max(learner_.applied(), acceptor_.accepted_end().previous());
  acceptor_.drop_applied(learner_.applied());
  witness_.forget_applied(learner_.applied());
  membership_.forget_below(learner_.applied());
  learner_.end_replay();
}

void Replica::Implementation::replay_record(const Record& record) {
  if (const auto* genesis = std::get_if<GenesisRecord>(&record)) {
    if (founding_.stage() != GenesisStage::kComplete) founding_.restore(*genesis);
  } else if (const auto* vote = std::get_if<GenesisVoteRecord>(&record)) {
    founding_.restore(*vote);
  } else if (const auto* promise = std::get_if<PromiseRecord>(&record)) {
    acceptor_.restore(*promise);
  } else if (const auto* accepted = std::get_if<AcceptedRecord>(&record)) {
    acceptor_.restore(*accepted);
  } else if (std::holds_alternative<ReplacementRecord>(record)) {
    founding_.replaces_a_memory();
  } else if (const auto* admission = std::get_if<AdmissionRecord>(&record)) {
    admitted_from_ = admission->votes_from;
  } else if (const auto* committed = std::get_if<CommittedRecord>(&record)) {
    if (learner_.learn(committed->placed, 0) == Learner::Learned::kContradiction) {
      violate("the journal commits round " + to_string(committed->placed.round) + " twice");
    }
  } else if (const auto* mark = std::get_if<CommitMarkRecord>(&record)) {
    RoundNum round = std::max(learner_.applied(), replayed_mark_).next();
    for (; round <= mark->round; round = round.next()) {
      if (learner_.settled(round) != nullptr) continue;
      const Acceptor::Accepted* held = acceptor_.accepted(round);
      if (held == nullptr) {
        return violate("the journal's commit mark passes round " + to_string(round) +
                       ", which it does not hold");
      }
      SYNOD_MARK("replica.replay-commits-what-was-accepted");
      (void)learner_.learn({round, held->coord, held->entry}, 0);
    }
    replayed_mark_ = std::max(replayed_mark_, mark->round);
  }
}

}  // namespace synod
