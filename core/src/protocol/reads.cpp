#include "protocol/reads.hpp"

#include <algorithm>
#include <utility>

#include <synod/probe.hpp>

#include "base/mutants.hpp"

namespace synod {

bool Reads::begin(const Read& read) {
  if (waiting_.size() + asking_.size() >= shared_.options.limits.reads_max) {
    SYNOD_MARK("reads.too-many");
    return false;
  }
  waiting_.push_back({read.ticket, read.deadline});
  return true;
}

void Reads::on(NodeId from, Incarnation incarnation, const ReadAnswer& answer) {
  // An answer to an earlier question, perhaps of an earlier life, says nothing about this one.
  const bool any_question = SYNOD_MUTANT("read-counts-old-answers");
  if (asking_.empty() || (answer.nonce != nonce_ && !any_question)) {
    SYNOD_MARK("reads.answer-too-late");
    return;
  }
  for (Answer& known : answers_) {
    if (known.id != from) continue;
    known = {from, incarnation, answer.untouched_from};
    return;
  }
  answers_.push_back({from, incarnation, answer.untouched_from});
}

std::optional<RoundNum> Reads::bound(RoundNum applied) {
  blocked_below_.reset();
  // Whoever is untouched from some round on is so from every later one: the candidates for h are
  // the answers themselves, and the first round that is not applied.
  std::vector<RoundNum> candidates{applied.next()};
  for (const RoundNum start : membership_.starts_above(applied)) candidates.push_back(start);
  for (const Answer& answer : answers_) {
    if (answer.untouched_from > applied) candidates.push_back(answer.untouched_from);
  }
  std::sort(candidates.begin(), candidates.end());
  for (const RoundNum h : candidates) {
    const ElectoratePtr& electorate =
        membership_.at(SYNOD_MUTANT("read-at-the-old-cluster") ? applied.next() : h);
    if (electorate == nullptr) {
      // Apply what lies below first, then look again: somebody has to settle it.
      blocked_below_ = h;
      return std::nullopt;
    }
    AcceptorSet untouched = 0;
    for (const Answer& answer : answers_) {
      if (answer.untouched_from <= h)
        untouched |= electorate->bit_of(answer.id, answer.incarnation);
    }
    if (electorate->is_phase1_quorum(untouched)) return h;
  }
  return std::nullopt;
}

void Reads::settle(RoundNum applied, std::optional<RoundNum> own) {
  if (asking_.empty() && !waiting_.empty()) {
    std::swap(asking_, waiting_);
    nonce_ = shared_.prng.next();
    answers_.clear();
    bound_.reset();
    attempts_ = 0;
    stuck_at_ = shared_.now.after(shared_.jittered(shared_.options.retransmit_after * 2));
    ask(applied, false);
  }
  if (asking_.empty()) return;
  // The first answer of this node is the one that counts, as for all others: a leader under load
  // would touch a higher round with every turn.
  const bool answered = std::any_of(answers_.begin(), answers_.end(), [&](const Answer& answer) {
    return answer.id == shared_.options.id;
  });
  if (own.has_value() && !answered) {
    answers_.push_back({shared_.options.id, shared_.options.incarnation, *own});
  }
  if (!bound_.has_value()) bound_ = bound(applied);
  const bool too_soon = bound_.has_value() && SYNOD_MUTANT("read-before-apply");
  if (!bound_.has_value()) return;
  if (applied.next() < *bound_ && !too_soon) {
    SYNOD_MARK("reads.waits-for-the-apply");
    return;
  }
  for (const Ticket& ticket : std::exchange(asking_, {})) {
    shared_.outbox.event(ReadReady{ticket.number});
  }
  settle(applied, own);
}

void Reads::ask(RoundNum applied, bool again) {
  const int sooner = SYNOD_BUGGIFY("reads.asks-again-early") ? 20 : 1;
  ask_again_at_ =
      shared_.now.after(shared_.backed_off(shared_.options.retransmit_after / sooner, attempts_));
  ++attempts_;
  std::vector<NodeId> to;
  for (const NodeId id : membership_.acceptors_from(applied.next())) {
    const bool answered = std::any_of(answers_.begin(), answers_.end(),
                                      [&](const Answer& answer) { return answer.id == id; });
    if (id != shared_.options.id && !(again && answered)) to.push_back(id);
  }
  shared_.outbox.send(std::move(to), ReadQuery{nonce_});
}

std::optional<RoundNum> Reads::stuck_below() const {
  if (asking_.empty() || shared_.now < stuck_at_) return std::nullopt;
  const std::optional<RoundNum> open = bound_.has_value() ? bound_ : blocked_below_;
  return open.has_value() ? std::optional(open->previous()) : std::nullopt;
}

void Reads::expire(std::vector<Ticket>& tickets) {
  std::erase_if(tickets, [&](const Ticket& ticket) {
    if (ticket.deadline > shared_.now) return false;
    SYNOD_MARK("reads.deadline");
    AppendError error;
    error.kind = AppendErrorKind::kDeadline;
    error.fate = Fate::kDidNotHappen;
    shared_.outbox.event(ReadFailed{ticket.number, std::move(error)});
    return true;
  });
}

void Reads::tick(RoundNum applied) {
  expire(waiting_);
  expire(asking_);
  if (asking_.empty() || bound_.has_value() || shared_.now < ask_again_at_) return;
  SYNOD_MARK("reads.asks-again");
  // Cluster and incarnations may have changed: everybody is asked again after a while.
  if (attempts_ % 4 == 0 || SYNOD_BUGGIFY("reads.forgets-answers")) answers_.clear();
  ask(applied, true);
}

Timestamp Reads::deadline() const {
  Timestamp deadline = Timestamp::max();
  if (asking_.empty()) return deadline;
  for (const Ticket& ticket : waiting_) deadline = std::min(deadline, ticket.deadline);
  for (const Ticket& ticket : asking_) deadline = std::min(deadline, ticket.deadline);
  if (!bound_.has_value()) deadline = std::min(deadline, ask_again_at_);
  return shared_.now < stuck_at_ ? std::min(deadline, stuck_at_) : deadline;
}

void Reads::serve_all() {
  for (std::vector<Ticket>* tickets : {&asking_, &waiting_}) {
    for (const Ticket& ticket : std::exchange(*tickets, {})) {
      shared_.outbox.event(ReadReady{ticket.number});
    }
  }
}

void Reads::fail_all(const AppendError& error) {
  for (const std::vector<Ticket>* tickets : {&waiting_, &asking_}) {
    for (const Ticket& ticket : *tickets) {
      shared_.outbox.event(ReadFailed{ticket.number, error});
    }
  }
  waiting_.clear();
  asking_.clear();
}

}  // namespace synod
