#include "protocol/learner.hpp"

#include <algorithm>

#include <synod/check.hpp>
#include <synod/hash.hpp>
#include <synod/probe.hpp>
#include "base/mutants.hpp"

namespace synod {

namespace {

std::uint64_t cost(const PlacedEntry& placed) { return placed.entry.payload.size() + 128; }

}  // namespace

const PlacedEntry* Learner::settled(RoundNum round) const {
  const Slot* slot = log_.find(round);
  return slot == nullptr ? nullptr : &slot->placed;
}

Learner::Learned Learner::learn(const PlacedEntry& placed, std::optional<std::uint64_t> held_by) {
  const RoundNum round = placed.round;
  if (const Slot* known = log_.find(round); known != nullptr) {
    return known->placed.entry == placed.entry ? Learned::kKnown : Learned::kContradiction;
  }
  if (round <= applied_) return Learned::kKnown;
  // While the journal is read back nothing is applied yet, and what it holds was let in before.
  const std::uint64_t ahead = round.above(applied_);
  if (ahead > shared_.options.limits.accepted_ahead_max && !replaying_) {
    SYNOD_MARK("learner.too-far-ahead");
    return Learned::kTooFar;
  }
  if (ahead > 1) SYNOD_MARK("learner.out-of-order");
  Slot& slot = log_.get(round);
  slot.placed = placed;
  slot.held_by = held_by.value_or(0);
  ++pending_;
  gaps_stale_ = true;
  if (!held_by.has_value() && !replaying_ && !SYNOD_MUTANT("mark-passes-unlearned")) {
    SYNOD_MARK("learner.committed-and-not-accepted");
    shared_.outbox.lazy_record(CommittedRecord{placed},
                               shared_.now.after(shared_.options.lazy_after));
  }
  return Learned::kNew;
}

std::optional<SkipReason> Learner::skip_reason(RoundNum round, const Entry& entry,
                                               RoundNum& repeat_of) const {
  const bool built_in = entry.kind == EntryKind::kNoop || entry.kind == EntryKind::kReadmit;
  if (built_in) return SkipReason::kNoop;
  if (SYNOD_MUTANT("expiry-not-checked")) return std::nullopt;
  if (entry.last_round < round) return SkipReason::kExpired;
  // Its id would be forgotten before the entry expires: it could take effect twice.
  const bool beyond_memory = entry.last_round != RoundNum::max() &&
                             entry.last_round.above(round) > ids_.remembered_rounds();
  if (beyond_memory) return SkipReason::kExpired;
  const std::optional<RoundNum> before = ids_.find(entry.id);
  if (!before.has_value() || SYNOD_MUTANT("repeat-not-filtered")) return std::nullopt;
  repeat_of = *before;
  return SkipReason::kRepeat;
}

std::optional<Learner::Step> Learner::apply_next() {
  if (!has_state_) return std::nullopt;
  RoundNum round = applied_.next();
  while (SYNOD_MUTANT("apply-skips-hole") && round < log_.end() && log_.find(round) == nullptr) {
    round = round.next();
  }
  const Slot* slot = log_.find(round);
  if (slot == nullptr) return std::nullopt;

  Step step;
  step.placed = slot->placed;
  const Entry& entry = step.placed.entry;
  ids_.forget_below(SYNOD_MUTANT("ids-forgotten-early")
                        ? round.plus(ids_.remembered_rounds()).previous()
                        : round);
  step.skipped = skip_reason(round, entry, step.repeat_of);
  if (step.skipped.has_value()) {
    if (step.skipped == SkipReason::kExpired) SYNOD_MARK("learner.skips-what-expired");
    if (step.skipped == SkipReason::kRepeat) SYNOD_MARK("learner.skips-a-repeat");
    state_.skip(round, entry, *step.skipped);
  } else {
    if (!ids_.find(entry.id).has_value() || !SYNOD_MUTANT("repeat-not-filtered")) {
      ids_.insert(round, entry.id);
    }
    ApplyResult result = state_.apply(
        SYNOD_MUTANT("rounds-counted-by-applies") ? RoundNum(ids_.size()) : round, entry);
    step.ejected = result.ejected;
    step.reason = std::move(result.reason);
  }
  applied_ = round;
  --pending_;
  gaps_stale_ = true;
  retained_bytes_ += cost(step.placed);
  digest_ = mix(digest_ ^ mix(round.value() ^ hash_of(entry.id)));
  return step;
}

void Learner::written(std::uint64_t sequence) {
  durable_sequence_ = std::max(durable_sequence_, sequence);
  if (mark_sequence_ <= durable_sequence_) {
    durably_applied_ = std::max(durably_applied_, mark_in_flight_);
  }
  if (last_mark_sequence_ <= durable_sequence_) {
    durably_applied_ = std::max(durably_applied_, last_mark_);
  }
}

// The mark may pass a round once its record is durable, or where it is a lazy record handed out
// before: those are written in order, before the mark.
void Learner::emit_mark() {
  if (marks_wait_for_snapshot_) {
    SYNOD_MARK("learner.mark-waits-for-a-snapshot");
    return;
  }
  if (SYNOD_BUGGIFY("learner.mark-a-turn-later")) return;
  RoundNum mark = marked_;
  for (RoundNum round = marked_.next(); round <= applied_; round = round.next()) {
    const Slot* slot = log_.find(round);
    if (slot == nullptr || slot->held_by > durable_sequence_) {
      SYNOD_MARK("learner.mark-waits-for-a-record");
      break;
    }
    mark = round;
  }
  if (mark == marked_) return;
  marked_ = mark;
  shared_.outbox.lazy_record(CommitMarkRecord{mark}, shared_.now.after(shared_.options.lazy_after));
  last_mark_ = mark;
  last_mark_sequence_ = shared_.outbox.sequence();
  // Besides the last one, one mark is followed at a time: under load the last is never durable yet.
  if (mark_sequence_ <= durable_sequence_) {
    mark_in_flight_ = mark;
    mark_sequence_ = shared_.outbox.sequence();
  }
}

void Learner::refresh_gaps() {
  if (!gaps_stale_) return;
  gaps_stale_ = false;
  if (pending_ == 0 && gaps_.empty()) return;
  constexpr std::size_t kGapsMax = 64;
  std::vector<GapRange> found;
  RoundNum missing_from;
  bool missing = false;
  for (RoundNum round = applied_.next(); round < log_.end() && found.size() < kGapsMax;
       round = round.next()) {
    const bool known = log_.find(round) != nullptr;
    if (!known && !missing) missing_from = round;
    if (known && missing) found.push_back({shared_.now, missing_from, round.previous()});
    missing = !known;
  }
  // A gap that shrinks or splits keeps its age.
  for (GapRange& gap : found) {
    for (const GapRange& old : gaps_) {
      if (old.first <= gap.first && gap.last <= old.last) gap.since = old.since;
    }
  }
  if (found == gaps_) return;
  gaps_ = std::move(found);
  shared_.outbox.event(Gaps{gaps_});
}

void Learner::forget_old() {
  Limits limits = shared_.options.limits;
  if (SYNOD_BUGGIFY("learner.forgets-early")) limits.retained_entries_max = 1;
  // Never what the mark has not passed: emit_mark still looks at it.
  while (retained_from_ <= marked_ && retained_from_ <= applied_ &&
         (applied_.above(retained_from_) >= limits.retained_entries_max ||
          retained_bytes_ > limits.retained_bytes_max)) {
    SYNOD_MARK("learner.forgets-applied-entries");
    if (const Slot* slot = log_.find(retained_from_)) retained_bytes_ -= cost(slot->placed);
    retained_from_ = retained_from_.next();
  }
  log_.drop_below(retained_from_);
}

void Learner::drop_state() {
  has_state_ = false;
  state_.drop();
}

void Learner::restart(RoundNum round, std::uint64_t digest, IdTable ids, bool durable) {
  SYNOD_CHECK(round >= applied_ || !has_state_, "a snapshot may not take a node back");
  applied_ = round;
  digest_ = digest;
  ids_ =
      SYNOD_MUTANT("id-table-not-in-snapshot") ? IdTable(ids.remembered_rounds()) : std::move(ids);
  has_state_ = true;
  log_.drop_below(round.next());
  retained_from_ = round.next();
  retained_bytes_ = 0;
  pending_ = log_.count();
  gaps_stale_ = true;
  marked_ = std::max(marked_, round);
  if (durable) durably_applied_ = round;
  marks_wait_for_snapshot_ = !durable && !SYNOD_MUTANT("mark-before-install-is-saved");
}

void Learner::end_replay() {
  replaying_ = false;
  marked_ = applied_;
  durably_applied_ = applied_;
}

bool Learner::write_anew(RoundNum round, const std::function<bool(RoundNum)>& accepted) {
  if (retained_from_ > round.next()) return false;
  for (RoundNum later = round.next(); later < log_.end(); later = later.next()) {
    Slot* slot = log_.find(later);
    if (slot == nullptr) continue;
    slot->held_by = shared_.outbox.sequence();
    if (!accepted(later)) shared_.outbox.record(CommittedRecord{slot->placed});
  }
  if (marked_ > round) shared_.outbox.record(CommitMarkRecord{marked_});
  marks_wait_for_snapshot_ = false;
  durably_applied_ = std::max(durably_applied_, round);
  return true;
}

}  // namespace synod
