#include "protocol/proposer.hpp"

#include <algorithm>
#include <utility>

#include <synod/check.hpp>
#include <synod/probe.hpp>

#include "base/mutants.hpp"

namespace synod {

bool Proposer::enqueue(Append append) {
  const Limits& limits = shared_.options.limits;
  const std::uint64_t bytes = append.entry.payload.size() + 64;
  if (queue_.size() >= limits.queue_entries_max || queue_bytes_ + bytes > limits.queue_bytes_max) {
    SYNOD_MARK("proposer.queue-full");
    return false;
  }
  queue_bytes_ += bytes;
  queue_.push_back(std::move(append));
  return true;
}

void Proposer::fail(const Append& append, AppendErrorKind kind, Fate fate) {
  AppendError error;
  error.kind = kind;
  error.fate = fate;
  shared_.outbox.event(AppendFailed{append.entry.id, std::move(error)});
}

void Proposer::fail_queue(const AppendError& error) {
  for (const Append& append : queue_) {
    shared_.outbox.event(AppendFailed{append.entry.id, error});
  }
  queue_.clear();
  queue_bytes_ = 0;
}

void Proposer::expire_queue() {
  const auto expired = [&](const Append& append) {
    if (append.deadline > shared_.now) return false;
    SYNOD_MARK("proposer.deadline-in-the-queue");
    queue_bytes_ -= append.entry.payload.size() + 64;
    fail(append, AppendErrorKind::kDeadline, Fate::kDidNotHappen);
    return true;
  };
  queue_.erase_if(expired);
}

void Proposer::assume(Mandate mandate) {
  SYNOD_CHECK(!leads(), "one mandate at a time");
  mandate_ = std::move(mandate);
  covered_ = nullptr;
  lacks_promises_ = false;
  ask_promises_at_ = shared_.now;
  next_ = std::max(mandate_->first(), learner_.applied().next());
  flight_ = RoundRing<Slot>(learner_.applied().next());
  unchosen_ = 0;
  quorum_at_ = shared_.now;
  waiting_since_ = shared_.now;
  resend_at_ = Timestamp::max();
  resends_ = 0;
  repeat_at_ = shared_.now.after(shared_.jittered(shared_.options.idle_interval));
  last_told_ = {};
  postpone_renewal();
}

void Proposer::resign(const CoordNum& to, const AppendError& error) {
  if (!leads()) return;
  flush_commits();
  for (RoundNum round = flight_.first(); round < flight_.end(); round = round.next()) {
    const Slot* slot = flight_.find(round);
    if (slot == nullptr || slot->chosen || !slot->appended_here) continue;
    SYNOD_MARK("proposer.resigns-over-an-open-round");
    AppendError unknown = error;
    unknown.fate = SYNOD_MUTANT("definite-failure") ? Fate::kDidNotHappen : Fate::kUnknown;
    unknown.rejections = slot->rejections;
    shared_.outbox.event(AppendFailed{slot->entry.id, std::move(unknown)});
  }
  const CoordNum coord = mandate_->coord();
  mandate_.reset();
  flight_ = RoundRing<Slot>(learner_.applied().next());
  unchosen_ = 0;
  resend_at_ = Timestamp::max();
  repeat_at_ = Timestamp::max();
  renewals_ = 0;
  fail_queue(error);
  shared_.outbox.event(MandateLost{coord, to});
}

bool Proposer::on(NodeId from, Incarnation incarnation, const Promise& promise) {
  if (!leads() || promise.coord != mandate_->coord()) return true;
  SYNOD_MARK("proposer.late-promise");
  return mandate_->add(from, incarnation, promise) != Mandate::Added::kContradiction;
}

// H2: a promise given by one electorate is worth nothing in a round of another, unless those who
// gave it are a phase-1 quorum there too.
bool Proposer::covers(const ElectoratePtr& electorate, RoundNum round) {
  if (covered_ == electorate || SYNOD_MUTANT("mandate-across-clusters")) return true;
  const AcceptorSet promisers = mandate_->promisers(*electorate, round);
  if (electorate->is_phase1_quorum(promisers)) {
    covered_ = electorate;
    lacks_promises_ = false;
    return true;
  }
  if (!lacks_promises_ || shared_.now >= ask_promises_at_) {
    SYNOD_MARK("proposer.new-electorate-has-not-promised");
    if (!lacks_promises_) waiting_since_ = shared_.now;
    std::vector<NodeId> missing = without_self(electorate->ids(electorate->all() & ~promisers));
    shared_.outbox.send_after_records(std::move(missing), Prepare{round, mandate_->coord()});
    ask_promises_at_ = shared_.now.after(shared_.jittered(shared_.options.retransmit_after));
    lacks_promises_ = true;
  }
  return false;
}

bool Proposer::must_fill(RoundNum round, RoundNum window_end) const {
  // H14: a new leader closes every hole below what it learned of, without waiting for an append.
  const bool below_known = (round < mandate_->forced_end() || round < learner_.end()) &&
                           !SYNOD_MUTANT("hole-not-filled");
  if (below_known || round <= settle_to_) return true;
  return std::any_of(queue_.begin(), queue_.end(), [&](const Append& append) {
    return append.rounds.first > round && append.rounds.first <= window_end;
  });
}

std::optional<Append> Proposer::next_append(RoundNum round) {
  for (auto waiting = queue_.begin(); waiting != queue_.end();) {
    if (waiting->rounds.first > round) {
      ++waiting;
      continue;
    }
    Append append = std::move(*waiting);
    waiting = queue_.erase(waiting);
    queue_bytes_ -= append.entry.payload.size() + 64;
    if (append.deadline <= shared_.now) {
      fail(append, AppendErrorKind::kDeadline, Fate::kDidNotHappen);
    } else if (append.rounds.last < round) {
      fail(append, AppendErrorKind::kConverged, Fate::kDidNotHappen);
    } else if (append.entry.last_round < round && !SYNOD_MUTANT("expiry-not-checked")) {
      SYNOD_MARK("proposer.last-round-passed-in-the-queue");
      fail(append, AppendErrorKind::kExpired, Fate::kDidNotHappen);
    } else {
      return append;
    }
  }
  return std::nullopt;
}

std::optional<Append> Proposer::content(RoundNum round, RoundNum window_end) {
  const Mandate::Forced* forced = mandate_->forced(round);
  if (forced != nullptr && !SYNOD_MUTANT("phase1-ignores-accepted")) {
    SYNOD_MARK("proposer.proposes-what-binds");
    Append bound;
    bound.entry = forced->entry;
    return bound;
  }
  if (round >= mandate_->forced_end() || SYNOD_MUTANT("phase1-ignores-accepted")) {
    if (std::optional<Append> append = next_append(round); append.has_value()) return append;
  }
  if (!must_fill(round, window_end)) return std::nullopt;
  SYNOD_MARK("proposer.fills-a-hole");
  Append filler;
  filler.entry.id = shared_.prng.entry_id();
  return filler;
}

std::optional<Proposer::Batch> Proposer::next_batch(RoundNum window_end) {
  if (!leads() || wants_renewal()) return std::nullopt;
  Limits limits = shared_.options.limits;
  if (SYNOD_BUGGIFY("proposer.batch-of-one")) limits.batch_entries_max = 1;
  next_ = std::max(next_, learner_.applied().next());
  Batch batch;
  std::size_t bytes = 0;
  while (next_ <= window_end && batch.entries.size() < limits.batch_entries_max &&
         bytes < limits.batch_bytes_max) {
    if (learner_.settled(next_) != nullptr) {
      SYNOD_MARK("proposer.round-settled-elsewhere");
      if (!batch.entries.empty()) break;
      next_ = next_.next();
      continue;
    }
    const ElectoratePtr& electorate = membership_.at(next_);
    if (electorate == nullptr) break;
    if (batch.electorate != nullptr && batch.electorate != electorate) break;
    if (!covers(electorate, next_)) break;
    std::optional<Append> append = content(next_, window_end);
    if (!append.has_value()) break;
    if (batch.entries.empty()) {
      batch.first = next_;
      batch.electorate = electorate;
      batch.entries.reserve(std::min<std::size_t>(queue_.size() + 1, limits.batch_entries_max));
    }
    bytes += append->entry.payload.size() + 64;
    place(next_, *append, electorate);
    batch.entries.push_back(std::move(append->entry));
    next_ = next_.next();
  }
  mandate_->forget_below(next_);
  if (batch.entries.empty()) return std::nullopt;
  return batch;
}

void Proposer::place(RoundNum round, const Append& append, const ElectoratePtr& electorate) {
  Slot& slot = flight_.get(round);
  SYNOD_CHECK(slot.electorate == nullptr, "a second entry for a round under one mandate");
  slot.entry = append.entry;
  slot.electorate = electorate;
  slot.on_behalf_of = append.on_behalf_of;
  slot.appended_here = mandate_->forced(round) == nullptr;
  slot.sent_at = shared_.now;
  if (unchosen_ == 0) waiting_since_ = shared_.now;
  ++unchosen_;
}

bool Proposer::replace_refused(Batch& batch, RoundNum round, const VoteSections& vote) {
  Slot* slot = flight_.find(round);
  SYNOD_CHECK(slot != nullptr, "a refused round that was not placed");
  if (!slot->appended_here) return false;
  AppendError error;
  error.kind = AppendErrorKind::kUnacceptable;
  error.fate = Fate::kDidNotHappen;
  error.rejections.push_back({shared_.options.id, vote});
  shared_.outbox.event(AppendFailed{slot->entry.id, std::move(error)});
  slot->entry = Entry{};
  slot->entry.id = shared_.prng.entry_id();
  slot->appended_here = false;
  batch.entries[static_cast<std::size_t>(round.above(batch.first))] = slot->entry;
  return true;
}

std::vector<NodeId> Proposer::without_self(const std::vector<NodeId>& ids) const {
  std::vector<NodeId> others;
  others.reserve(ids.size());
  for (const NodeId id : ids) {
    if (id != shared_.options.id) others.push_back(id);
  }
  return others;
}

Duration Proposer::quorum_age() const {
  return leads() ? shared_.now.since(quorum_at_) : Duration::max();
}

void Proposer::send(Batch batch) {
  shared_.pace.asked(Pace::Question::kAcceptance, mandate_->coord(), batch.first, batch.electorate,
                     shared_.now);
  if (untold_to_ != nullptr && untold_to_ != batch.electorate) flush_commits();
  const bool to_all = shared_.options.acceptances_to_learners;
  Propose propose;
  propose.coord = mandate_->coord();
  propose.first = batch.first;
  propose.entries = std::move(batch.entries);
  propose.quorum_age = quorum_age();
  std::vector<NodeId> to =
      without_self(to_all ? batch.electorate->members() : batch.electorate->acceptors());
  const bool rides = !SYNOD_BUGGIFY("proposer.commits-do-not-ride");
  if (!untold_.empty() && !to.empty() && rides) {
    std::erase_if(told_at_once_, [&](NodeId origin) {
      return std::find(to.begin(), to.end(), origin) != to.end();
    });
    tell_origins();
    last_told_ = untold_.back();
    propose.commits = std::exchange(untold_, {});
    if (untold_whole_.empty()) tell_by_ = Timestamp::max();
  }
  shared_.outbox.send(std::move(to), std::move(propose));
  repeat_at_ = shared_.now.after(shared_.jittered(shared_.options.idle_interval));
  if (resend_at_ == Timestamp::max()) {
    resend_at_ = shared_.now.after(shared_.jittered(shared_.options.retransmit_after));
  }
}

void Proposer::on(NodeId from, Incarnation incarnation, const Acceptance& acceptance,
                  std::vector<PlacedEntry>& chosen) {
  const bool any_number = SYNOD_MUTANT("acceptance-of-another-number");
  if (!leads() || (acceptance.coord != mandate_->coord() && !any_number)) return;
  const RoundNum end = std::min(acceptance.first.plus(acceptance.count), flight_.end());
  for (RoundNum round = std::max(acceptance.first, flight_.first()); round < end;
       round = round.next()) {
    Slot* slot = flight_.find(round);
    if (slot == nullptr) continue;
    AcceptorSet bit = slot->electorate->bit_of(from, incarnation);
    if ((slot->accepted & bit) != 0 && SYNOD_MUTANT("count-replies")) {
      bit = (slot->accepted + 1) & ~slot->accepted;  // The next free one.
    }
    slot->accepted |= bit;
    if (!slot->chosen && slot->electorate->is_phase2_quorum(slot->accepted)) {
      choose(round, *slot, chosen);
    }
  }
}

void Proposer::choose(RoundNum round, Slot& slot, std::vector<PlacedEntry>& chosen) {
  slot.chosen = true;
  --unchosen_;
  quorum_at_ = shared_.now;
  waiting_since_ = shared_.now;
  // Not later because of this: a round that was lost on the way stays open below it.
  if (unchosen_ == 0) {
    resends_ = 0;
    resend_at_ = Timestamp::max();
  }
  chosen.push_back({round, mandate_->coord(), slot.entry});
  tell(round, slot);
}

bool Proposer::on(NodeId from, Incarnation incarnation, const Rejection& rejection) {
  if (!leads() || rejection.coord != mandate_->coord()) return false;
  Slot* slot = flight_.find(rejection.round);
  if (slot == nullptr || slot->chosen) return false;
  const AcceptorSet bit = slot->electorate->bit_of(from, incarnation);
  if (bit == 0 || (slot->rejected & bit) != 0) return false;
  slot->rejected |= bit;
  slot->rejections.push_back({from, rejection.vote});
  return !slot->electorate->can_reach_phase2(slot->rejected | slot->refused);
}

// Whoever promised a higher number refuses every round that is open; one such node is no veto.
bool Proposer::on(NodeId from, Incarnation incarnation, const Conflict& conflict) {
  if (!leads() || conflict.coord != mandate_->coord()) return false;
  if (conflict.promised <= conflict.coord) return false;
  heard_a_stray(from, incarnation);
  bool hopeless = false;
  for (RoundNum round = flight_.first(); round < flight_.end(); round = round.next()) {
    Slot* slot = flight_.find(round);
    if (slot == nullptr || slot->chosen) continue;
    slot->refused |= slot->electorate->bit_of(from, incarnation);
    hopeless |= !slot->electorate->can_reach_phase2(slot->rejected | slot->refused);
  }
  SYNOD_MARK("proposer.outranked");
  if (hopeless) SYNOD_MARK("proposer.outranked-by-too-many");
  return hopeless;
}

AppendError Proposer::error(RoundNum round, AppendErrorKind kind) const {
  AppendError error;
  error.kind = kind;
  error.fate = Fate::kDidNotHappen;
  if (const Slot* slot = flight_.find(round); slot != nullptr) error.rejections = slot->rejections;
  return error;
}

bool Proposer::is_elsewhere(const EntryId& id, RoundNum round) const {
  for (RoundNum other = flight_.first(); other < flight_.end(); other = other.next()) {
    const Slot* slot = flight_.find(other);
    if (other != round && slot != nullptr && slot->entry.id == id) return true;
  }
  return std::any_of(queue_.begin(), queue_.end(),
                     [&](const Append& append) { return append.entry.id == id; });
}

void Proposer::settled(const PlacedEntry& placed) {
  Slot* slot = flight_.find(placed.round);
  if (slot == nullptr || slot->chosen) return;
  slot->chosen = true;
  --unchosen_;
  if (unchosen_ == 0) resend_at_ = Timestamp::max();
  if (slot->entry.id == placed.entry.id || !slot->appended_here) return;
  SYNOD_MARK("proposer.round-lost-to-another-entry");
  AppendError error;
  error.kind = AppendErrorKind::kRailroaded;
  error.fate = is_elsewhere(slot->entry.id, placed.round) ? Fate::kUnknown : Fate::kDidNotHappen;
  shared_.outbox.event(AppendFailed{slot->entry.id, std::move(error)});
}

void Proposer::forget_applied() { flight_.drop_below(learner_.applied().next()); }

}  // namespace synod
