// Phases 1 and 2: promises, acceptances, campaigns and proposals.
#include <algorithm>
#include <utility>

#include <synod/check.hpp>
#include <synod/probe.hpp>

#include "base/mutants.hpp"
#include "protocol/replica_implementation.hpp"

namespace synod {

namespace {

// A message at `coord` speaks for its proposer's memory only if that is who sent it.
bool is_own_number(const std::pair<NodeId, Incarnation>& from, const CoordNum& coord) {
  return coord.proposer == from.first && coord.incarnation == from.second;
}

}  // namespace

void Replica::Implementation::directive(DirectiveKind kind, RoundNum round, CoordNum coord,
                                        Duration quorum_age) {
  shared_.outbox.event(Directive{kind, coord.proposer, round, coord, shared_.now, quorum_age});
  if (kind == DirectiveKind::kPrepare || coord < leader_coord_) return;
  leader_coord_ = coord;
  leader_heard_at_ = shared_.now;
  leader_heard_ = quorum_age < shared_.pace.patience(shared_.options.quorum_timeout);
}

bool Replica::Implementation::leader_seems_alive() const {
  return leader_heard_ && leader_coord_.proposer != shared_.options.id &&
         leader_coord_ >= acceptor_.promised() &&
         shared_.now.since(leader_heard_at_) < shared_.options.retransmit_after * 4;
}

void Replica::Implementation::on(From from, const Prepare& prepare) {
  if (!is_own_number(from, prepare.coord)) return;
  acceptor_.note_counter(prepare.coord);
  if (!may_vote()) return;
  // A node that left, or a stranger, may not unseat anybody; one that is behind cannot tell.
  const ElectoratePtr& in_window = membership_.at(prepare.round);
  const ElectoratePtr& electorate = in_window != nullptr ? in_window : membership_.newest();
  const bool stranger = electorate != nullptr && !electorate->has_member(from.first);
  if (stranger && !fetcher_.is_behind(learner_.applied())) {
    SYNOD_MARK("replica.stranger-prepares");
    return;
  }
  const bool repeated = prepare.coord == acceptor_.promised();
  Acceptor::PrepareAnswer answer = acceptor_.prepare(prepare);
  if (auto* conflict = std::get_if<Conflict>(&answer)) {
    shared_.outbox.send(from.first, std::move(*conflict));
  } else if (auto* abstention = std::get_if<Abstention>(&answer)) {
    shared_.outbox.send(from.first, std::move(*abstention));
  } else if (auto* promising = std::get_if<Acceptor::Promising>(&answer)) {
    directive(DirectiveKind::kPrepare, prepare.round, prepare.coord, Duration::max());
    for (Promise& page : acceptor_.pages(prepare, std::move(promising->vote))) {
      if (repeated && SYNOD_MUTANT("repeat-answered-at-once")) {
        shared_.outbox.send(from.first, std::move(page));
        continue;
      }
      shared_.outbox.send_after_records(from.first, std::move(page));
    }
    // What this node leads with is outranked by its own word.
    if (proposer_.leads() && proposer_.coord() < prepare.coord) {
      SYNOD_MARK("replica.leader-promises-another");
      resign(prepare.coord, AppendErrorKind::kLost);
    }
  }
}

void Replica::Implementation::on(From from, const Promise& promise) {
  shared_.pace.answered(Pace::Question::kPromise, promise.coord, promise.round, 1, from.first,
                        from.second, shared_.now);
  if (promise.page == 0) {
    shared_.outbox.event(VoteReceived{from.first, false, promise.coord, promise.round, promise.vote,
                                      election_.asked_at()});
  }
  if (!proposer_.on(from.first, from.second, promise)) {
    return violate("two entries at one number in the promises for " + to_string(promise.coord));
  }
  // It speaks only from further up: what lies between is settled there, and a leader that asked for
  // promises of a new electorate would ask for ever (H17).
  const bool asked = proposer_.leads() && promise.coord == proposer_.coord();
  if (asked && promise.speaks_from > promise.round) {
    fetcher_.settled_elsewhere(from.first, promise.speaks_from.previous());
  }
  conclude(election_.on(from.first, from.second, promise));
}

void Replica::Implementation::on(From from, const Conflict& conflict) {
  acceptor_.note_counter(conflict.promised);
  fetcher_.settled_elsewhere(from.first, conflict.settled_to);
  if (conflict.settled.has_value()) commit(*conflict.settled, from.first);
  // A settled round is an answer, not a refusal.
  if (conflict.promised > conflict.coord) {
    conclude(election_.on(from.first, from.second, conflict));
    if (proposer_.on(from.first, from.second, conflict)) {
      resign(conflict.promised, AppendErrorKind::kLost);
    }
  }
}

void Replica::Implementation::on(From from, const Abstention& abstention) {
  conclude(election_.on(from.first, from.second, abstention));
}

void Replica::Implementation::on(From from, const Rejection& rejection) {
  if (!proposer_.on(from.first, from.second, rejection)) return;
  // The round is stuck at this number, and a number proposes one entry per round only: a new
  // campaign finds out what may still be there, or that the round is free.
  AppendError error = proposer_.error(rejection.round, AppendErrorKind::kNoQuorum);
  proposer_.resign({}, error);
}

void Replica::Implementation::on(From from, const LeadershipRequest& request) {
  (void)from;
  // Nothing above the window can be open.
  if (may_campaign()) asked_to_settle(std::min(request.round, window_end()));
}

// --- Phase 2, the acceptor's side.

void Replica::Implementation::on(From from, const Propose& propose) {
  if (!is_own_number(from, propose.coord) || propose.first == RoundNum(0)) return;
  // A leader that gets nothing accepted says the same again and again. Who lacks what lies below, and
  // whose vote it may wait for, must go on asking.
  if (!propose.commits.empty() || propose.first <= learner_.applied().next()) fetcher_.heard();
  acceptor_.note_counter(propose.coord);
  for (const CommitRun& run : propose.commits) commit_by_id(run, from.first);
  if (propose.entries.empty()) return;
  const std::uint64_t ahead = shared_.options.limits.accepted_ahead_max;
  const RoundNum last = propose.first.plus(propose.entries.size() - 1);
  if (shared_.options.acceptances_to_learners) {
    witness_.saw(propose, learner_.applied(), ahead);
  }
  if (SYNOD_MUTANT("h1-activate-on-commit")) seen_proposals_[propose.first] = propose.coord;
  if (!may_vote()) return;
  Acceptor::Accepting answer = acceptor_.accept(propose.coord, propose.first, propose.entries);
  if (!answer.violation.empty()) return violate(std::move(answer.violation));
  if (!answer.rejected.empty()) SYNOD_MARK("replica.voter-refuses");
  if (answer.too_far) fetcher_.gap_below(propose.first.previous());
  if (last.above(learner_.applied()) <= ahead) highest_seen_ = std::max(highest_seen_, last);

  if (!answer.accepted.empty()) {
    acceptor_.leader_shown(propose.coord, propose.quorum_age);
    directive(DirectiveKind::kAccept, last, propose.coord, propose.quorum_age);
    if (proposer_.leads() && proposer_.coord() < propose.coord) {
      SYNOD_MARK("replica.leader-accepts-from-another");
      resign(propose.coord, AppendErrorKind::kLost);
    }
  }
  std::vector<NodeId> listeners{from.first};
  if (const ElectoratePtr& electorate = membership_.newest();
      shared_.options.acceptances_to_learners && electorate != nullptr) {
    for (const Member& member : electorate->cluster()->members) {
      const bool listens = member.roles.learn && !member.roles.accept && member.id != from.first &&
                           member.id != shared_.options.id;
      if (listens) listeners.push_back(member.id);
    }
  }
  for (Acceptance& acceptance : answer.accepted) {
    shared_.outbox.send_after_records(listeners, std::move(acceptance));
  }
  for (Rejection& rejection : answer.rejected) {
    shared_.outbox.send(from.first, std::move(rejection));
  }
  if (answer.conflict.has_value()) shared_.outbox.send(from.first, std::move(*answer.conflict));
}

// --- The proposer's side.

bool Replica::Implementation::may_campaign() const {
  if (shut_down_ || storage_trouble_ || !learner_.has_state() || !may_vote()) return false;
  const ElectoratePtr& electorate = membership_.at(learner_.applied().next());
  if (electorate == nullptr) return false;
  const Member* self = electorate->cluster()->find(shared_.options.id);
  return self != nullptr && self->roles.propose;
}

bool Replica::Implementation::wants_to_lead() const {
  if (proposer_.leads() || election_.is_running()) return false;
  if (proposer_.wants_mandate()) return true;
  return must_settle() && !leader_seems_alive();
}

// Whether this node campaigns although it leads.
bool Replica::Implementation::renews() const { return proposer_.leads() && election_.is_running(); }

void Replica::Implementation::consider_campaign() {
  // A leader that waits for its renewal proposes nothing, and rounds that it lacks may be ones that
  // only it can settle.
  if (proposer_.wants_renewal() && (catches_up() || !may_campaign())) proposer_.postpone_renewal();
  const bool renewal = proposer_.may_renew() && !election_.is_running();
  const bool anew = wants_to_lead() && election_.may_start();
  if ((renewal || anew) && may_campaign()) campaign();
}

void Replica::Implementation::campaign() {
  CoordNum coord;
  const bool above = !SYNOD_MUTANT("reuse-number-after-restart");
  coord.counter = std::max(acceptor_.counter_seen(), above ? acceptor_.promised().counter : 0) + 1;
  coord.proposer = shared_.options.id;
  coord.incarnation = shared_.options.incarnation;
  const RoundNum round = learner_.applied().next();
  const Prepare prepare{round, coord};
  // The own promise first: durable before the Prepare leaves, also where it does not count. Without
  // it the number would be free again after a crash, and could propose two entries for one round
  // (H7).
  Acceptor::PrepareAnswer own = acceptor_.prepare(prepare);
  auto* promising = std::get_if<Acceptor::Promising>(&own);
  if (promising == nullptr) {
    SYNOD_MARK("replica.own-voter-abstains");
    if (proposer_.leads()) return proposer_.postpone_renewal();
    AppendError error;
    error.kind = AppendErrorKind::kNoQuorum;
    error.fate = Fate::kDidNotHappen;
    if (auto* abstention = std::get_if<Abstention>(&own)) {
      error.abstentions.push_back({shared_.options.id, std::move(abstention->vote)});
    }
    election_.lose();
    return proposer_.fail_queue(error);
  }
  election_.start(coord, round, membership_.at(round));
  directive(DirectiveKind::kPrepare, round, coord, Duration::max());
  for (Promise& page : acceptor_.pages(prepare, std::move(promising->vote))) {
    own_votes_.push_back({shared_.outbox.sequence(), std::move(page)});
  }
}

void Replica::Implementation::conclude(Election::Verdict verdict) {
  if (verdict == Election::Verdict::kOpen || !election_.is_running()) return;
  if (verdict == Election::Verdict::kContradiction) {
    return violate("two entries at one number in the promises for " + to_string(election_.coord()));
  }
  if (verdict == Election::Verdict::kLost) {
    const AppendError error = election_.error();
    const CoordNum lost_at = election_.coord();
    election_.lose();
    // The own acceptor refuses the old number too: it promised the new one.
    proposer_.resign(lost_at, error);
    return proposer_.fail_queue(error);
  }
  Mandate mandate = election_.take_mandate();
  // What lies below where the promises speak is settled: to be fetched from whoever said so (H17).
  if (mandate.first() > learner_.applied().next()) {
    SYNOD_MARK("replica.leads-and-lacks-rounds");
    fetcher_.settled_elsewhere(mandate.furthest(), mandate.first().previous());
  }
  const bool renewal = proposer_.leads();
  if (renewal) shared_.outbox.event(MandateLost{proposer_.coord(), mandate.coord()});
  shared_.outbox.event(MandateWon{mandate.coord(), mandate.first()});
  if (must_settle()) proposer_.settle_up_to(asked_to_settle_);
  if (renewal) return proposer_.renew(std::move(mandate));
  proposer_.assume(std::move(mandate));
}

void Replica::Implementation::resign(const CoordNum& to, AppendErrorKind kind) {
  if (!proposer_.leads()) return;
  AppendError error;
  error.kind = kind;
  error.fate = Fate::kDidNotHappen;
  proposer_.resign(to, error);
}

void Replica::Implementation::propose() {
  if (proposer_.leads() && !may_campaign()) resign({}, AppendErrorKind::kExiled);
  if (proposer_.leads() && must_settle()) {
    proposer_.settle_up_to(asked_to_settle_);
  }
  while (std::optional<Proposer::Batch> batch = proposer_.next_batch(window_end())) {
    vote_for_own(*batch);
    if (!proposer_.leads() || halted_) return;
    const RoundNum last = batch->first.plus(batch->entries.size() - 1);
    highest_seen_ = std::max(highest_seen_, last);
    directive(DirectiveKind::kAccept, last, proposer_.coord(), proposer_.quorum_age());
    proposer_.send(std::move(*batch));
  }
}

// The own acceptor votes like any other; its vote counts once its record is durable.
void Replica::Implementation::vote_for_own(Proposer::Batch& batch) {
  const CoordNum coord = proposer_.coord();
  if (batch.electorate->bit_of(shared_.options.id, shared_.options.incarnation) == 0) return;
  Acceptor::Accepting own = acceptor_.accept(coord, batch.first, batch.entries);
  if (!own.violation.empty()) return violate(std::move(own.violation));
  if (own.conflict.has_value() && own.conflict->promised > coord) {
    SYNOD_MARK("replica.own-acceptor-promised-another");
    return resign(own.conflict->promised, AppendErrorKind::kLost);
  }
  for (const Rejection& rejection : own.rejected) {
    if (!proposer_.replace_refused(batch, rejection.round, rejection.vote)) continue;
    const std::size_t place = static_cast<std::size_t>(rejection.round.above(batch.first));
    Acceptor::Accepting filler = acceptor_.accept(coord, rejection.round, {batch.entries[place]});
    for (Acceptance& acceptance : filler.accepted) own.accepted.push_back(std::move(acceptance));
  }
  for (Acceptance& acceptance : own.accepted) {
    own_votes_.push_back({shared_.outbox.sequence(), std::move(acceptance)});
  }
}

void Replica::Implementation::count_own_votes(std::uint64_t sequence) {
  const From self{shared_.options.id, shared_.options.incarnation};
  while (!own_votes_.empty() && own_votes_.front().sequence <= sequence && !halted_) {
    OwnVote own = std::move(own_votes_.front());
    own_votes_.pop_front();
    std::visit([&](const auto& vote) { on(self, vote); }, own.vote);
  }
}

void Replica::Implementation::on(From from, const Acceptance& acceptance) {
  shared_.pace.answered(Pace::Question::kAcceptance, acceptance.coord, acceptance.first,
                        acceptance.count, from.first, from.second, shared_.now);
  shared_.outbox.event(VoteReceived{from.first, true, acceptance.coord, acceptance.first,
                                    acceptance.vote, proposer_.sent_at(acceptance.first)});
  std::vector<PlacedEntry> chosen;
  proposer_.on(from.first, from.second, acceptance, chosen);
  if (shared_.options.acceptances_to_learners) {
    witness_.on(from.first, from.second, acceptance, membership_, chosen);
  }
  if (chosen.empty()) return;
  election_.forgive();
  fetcher_.heard();
  for (const PlacedEntry& placed : chosen) commit(placed, shared_.options.id);
  if (acceptance.coord == proposer_.coord()) {
    // A leader that works is also its own: otherwise it alone would promise to whoever does not
    // hear that it works (H15).
    acceptor_.leader_shown(acceptance.coord, proposer_.quorum_age());
    directive(DirectiveKind::kCommit, chosen.back().round, acceptance.coord,
              proposer_.quorum_age());
  }
}

}  // namespace synod
