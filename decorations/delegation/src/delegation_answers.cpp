// What the origin does about answers.
#include <algorithm>
#include <utility>

#include <synod/probe.hpp>

#include "delegation_implementation.hpp"

namespace synod {
namespace {

AppendError unseen_effect() {
  AppendError error;
  error.kind = AppendErrorKind::kSkipped;
  error.fate = Fate::kHappened;
  return error;
}

// What another node's trouble is, may go well here or at a third one.
bool curable_elsewhere(const AppendError& error) {
  switch (error.kind) {
    case AppendErrorKind::kShutDown:
    case AppendErrorKind::kStorage:
    case AppendErrorKind::kPassive:
    case AppendErrorKind::kDisoriented:
    case AppendErrorKind::kExiled:
    case AppendErrorKind::kDeadline:
    case AppendErrorKind::kSkipped:
      return true;
    default:
      return error.curable();
  }
}

}  // namespace

bool Delegation::Implementation::Unanswered::add(std::uint32_t attempt) {
  const auto free = std::find(attempts.begin(), attempts.end(), 0u);
  if (free == attempts.end()) {
    return false;
  }
  *free = attempt;
  ++count;
  return true;
}

bool Delegation::Implementation::Unanswered::remove(std::uint32_t attempt) {
  const auto place = std::find(attempts.begin(), attempts.end(), attempt);
  if (attempt == 0 || place == attempts.end()) {
    return false;
  }
  *place = 0;
  --count;
  return true;
}

// One that an earlier process of this node was given is of no use.
void Delegation::Implementation::take_token(NodeId from, const delegation::Heading& heading) {
  if (heading.epoch == epoch_ && heading.token != 0) {
    tokens_[from] = heading.token;
  }
}

void Delegation::Implementation::on_answer(NodeId from, const delegation::Answer& answer) {
  auto [place, end] = waiting_.equal_range(answer.id);
  while (place != end) {
    const auto current = place++;
    Waiting& waiting = current->second;
    if (answer.kind == delegation::AnswerKind::kOutdated) {
      on_outdated(waiting, from, answer.attempt);
    } else if (waiting.unanswered.remove(answer.attempt)) {
      obey(current, from, answer);
    }
  }
}

void Delegation::Implementation::obey(WaitingMap::iterator place, NodeId from,
                                      const delegation::Answer& answer) {
  Waiting& waiting = place->second;
  const bool current = waiting.stage == Stage::kForwarded;
  waiting.strange = answer.kind == delegation::AnswerKind::kStrange ? waiting.strange : 0;
  switch (answer.kind) {
    case delegation::AnswerKind::kWorking:
      if (current) {
        // The sending before this one is still out, and will be answered.
        waiting.asked_since = context_->now();
        waiting.due = context_->now().after(4 * options_.resend_after);
      }
      break;
    case delegation::AnswerKind::kSettled:
      on_settled(place, answer.round);
      break;
    case delegation::AnswerKind::kNotLeader:
      if (current && answer.attempt == waiting.attempt) {
        on_not_leader(waiting, from, answer.leader);
      }
      break;
    case delegation::AnswerKind::kStrange:
      if (current && answer.attempt == waiting.attempt) {
        on_strange(waiting, from);
      }
      break;
    case delegation::AnswerKind::kOutdated:
      break;  // Is no answer to this copy: see on_outdated().
    case delegation::AnswerKind::kFailed:
      waiting.possible = waiting.possible || answer.error.fate == Fate::kUnknown;
      if (current) {
        on_failure(place, answer.error, curable_elsewhere(answer.error));
      }
      break;
  }
}

void Delegation::Implementation::on_settled(WaitingMap::iterator place, RoundNum round) {
  place->second.settled = round;
  if (round <= applied_) {
    SYNOD_MARK("delegation.settled-unseen");
    // It was applied here before, or a snapshot passed over it: either way unseen by this append.
    finish(place, unseen_effect());
  }
}

void Delegation::Implementation::on_not_leader(Waiting& waiting, NodeId from, NodeId leader_there) {
  const bool better = leader_there != NodeId(0) && leader_there != self_ && leader_there != from &&
                      waiting.redirections < 2;
  if (better) {
    SYNOD_MARK("delegation.leader-is-elsewhere");
    ++waiting.redirections;
    forward(waiting, leader_there, false);
    return;
  }
  waiting.redirections = 0;
  if (leader() == from) {
    suspect(from);
  }
  decide(waiting);
}

// The token came with the answer. Where it is a relay's, or is replaced all the time, the entry is
// sent again in its time.
void Delegation::Implementation::on_strange(Waiting& waiting, NodeId from) {
  constexpr std::uint32_t kAtOnceMax = 2;
  if (from == waiting.asked && waiting.strange < kAtOnceMax) {
    ++waiting.strange;
    forward(waiting, from, waiting.lead);
  }
}

// It stays unanswered: an earlier copy of it may be served, or may have been by a process that is
// gone.
void Delegation::Implementation::on_outdated(Waiting& waiting, NodeId from, std::uint32_t attempt) {
  if (waiting.stage != Stage::kForwarded || attempt != waiting.attempt) {
    return;
  }
  SYNOD_MARK("delegation.token-is-outdated");
  on_strange(waiting, from);
}

void Delegation::Implementation::on_failure(WaitingMap::iterator place, AppendError error,
                                            bool curable) {
  Waiting& waiting = place->second;
  if (!curable || error.fate == Fate::kHappened) {
    finish(place, std::move(error));
    return;
  }
  ++waiting.failures;
  Duration pause = context_->prng().between(Duration::zero(), options_.turn);
  if (waiting.request.retry != nullptr) {
    pause = waiting.request.retry->pause(error, waiting.failures, context_->prng());
  }
  if (pause < Duration::zero()) {
    finish(place, std::move(error));
    return;
  }
  waiting.stage = Stage::kPausing;
  waiting.redirections = 0;
  waiting.due = context_->now().after(pause);
  wake(waiting.due);
}

}  // namespace synod
