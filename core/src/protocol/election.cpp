#include "protocol/election.hpp"

#include <algorithm>

#include <synod/check.hpp>
#include <synod/probe.hpp>

namespace synod {

void Election::start(CoordNum coord, RoundNum round, ElectoratePtr electorate) {
  SYNOD_CHECK(!running_, "two campaigns of one node at a time");
  running_ = true;
  electorate_ = std::move(electorate);
  round_ = round;
  mandate_ = Mandate(coord, round);
  refusals_ = 0;
  outranked_ = false;
  abstentions_.clear();
  attempts_ = 0;
  asked_at_ = shared_.now;
  give_up_at_ = shared_.now.after(shared_.pace.patience(shared_.options.campaign_timeout));
  shared_.pace.asked(Pace::Question::kPromise, coord, round, electorate_, shared_.now);
  ask(false);
}

void Election::ask(bool again) {
  std::vector<NodeId> to;
  for (const NodeId id : electorate_->acceptors()) {
    if (id == shared_.options.id) continue;
    if (!again || !mandate_.has_promise_of(id)) to.push_back(id);
  }
  shared_.outbox.send_after_records(std::move(to), Prepare{round_, mandate_.coord()});
  const int sooner = SYNOD_BUGGIFY("election.asks-again-early") ? 20 : 1;
  ask_again_at_ =
      shared_.now.after(shared_.backed_off(shared_.options.retransmit_after / sooner, attempts_));
  ++attempts_;
}

Election::Verdict Election::verdict() const {
  const RoundNum round = mandate_.spoken_for_from();
  if (electorate_->is_phase1_quorum(mandate_.promisers(*electorate_, round))) return Verdict::kWon;
  if (electorate_->can_reach_phase1(refusals_)) return Verdict::kOpen;
  SYNOD_MARK("election.lost-to-refusals");
  return Verdict::kLost;
}

Election::Verdict Election::on(NodeId from, Incarnation incarnation, const Promise& promise) {
  if (!running_ || promise.coord != mandate_.coord()) return Verdict::kOpen;
  const Mandate::Added added = mandate_.add(from, incarnation, promise);
  if (added == Mandate::Added::kContradiction) return Verdict::kContradiction;
  // A node that refused before may have changed its mind since: only its last word counts.
  const AcceptorSet bit = electorate_->bit_of(from, incarnation);
  if ((refusals_ & bit) != 0) SYNOD_MARK("election.refusal-taken-back");
  refusals_ &= ~bit;
  return added == Mandate::Added::kComplete ? verdict() : Verdict::kOpen;
}

Election::Verdict Election::on(NodeId from, Incarnation incarnation, const Conflict& conflict) {
  if (!running_ || conflict.coord != mandate_.coord()) return Verdict::kOpen;
  outranked_ = true;
  return refused(electorate_->bit_of(from, incarnation), from, nullptr);
}

Election::Verdict Election::on(NodeId from, Incarnation incarnation, const Abstention& abstention) {
  if (!running_ || abstention.coord != mandate_.coord()) return Verdict::kOpen;
  return refused(electorate_->bit_of(from, incarnation), from, &abstention);
}

Election::Verdict Election::refused(AcceptorSet by, NodeId from, const Abstention* abstention) {
  if (by == 0 || mandate_.has_promise_of(from)) return Verdict::kOpen;
  if (abstention != nullptr && (refusals_ & by) == 0) {
    abstentions_.push_back({from, abstention->vote});
  }
  refusals_ |= by;
  return verdict();
}

Election::Verdict Election::tick() {
  if (!running_) return Verdict::kOpen;
  const bool due = shared_.now >= ask_again_at_;
  if (shared_.now >= give_up_at_ || (due && SYNOD_BUGGIFY("election.gives-up-early"))) {
    SYNOD_MARK("election.out-of-time");
    return Verdict::kLost;
  }
  if (due) {
    SYNOD_MARK("election.asks-again");
    ask(true);
  }
  return Verdict::kOpen;
}

Timestamp Election::deadline() const {
  return running_ ? std::min(ask_again_at_, give_up_at_) : Timestamp::max();
}

Mandate Election::take_mandate() {
  running_ = false;
  mandate_.start_where_spoken_for();
  return std::move(mandate_);
}

void Election::lose() {
  running_ = false;
  ++losses_;
  if (SYNOD_BUGGIFY("election.no-pause")) {
    not_before_ = shared_.now;
    return;
  }
  const Duration pause = shared_.pace.patience(shared_.options.back_off);
  not_before_ = shared_.now.after(shared_.prng.between(
      Duration(1), std::max(Duration(1), pause * (1 << std::min<std::uint32_t>(losses_ - 1, 3)))));
}

AppendError Election::error() const {
  AppendError error;
  error.kind = outranked_ ? AppendErrorKind::kLost : AppendErrorKind::kNoQuorum;
  error.fate = Fate::kDidNotHappen;
  error.abstentions = abstentions_;
  return error;
}

}  // namespace synod
