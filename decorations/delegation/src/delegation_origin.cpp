#include <algorithm>

#include <synod/probe.hpp>
#include <synod/retry.hpp>
#include <synod/status.hpp>

#include "delegation_implementation.hpp"

namespace synod {
namespace {

AppendError error_of(AppendErrorKind kind, Fate fate) {
  AppendError error;
  error.kind = kind;
  error.fate = fate;
  return error;
}

}  // namespace

AppendVerdict Delegation::Implementation::on_append(AppendRequest& request) {
  if (stopped_ || request.importance != Importance::kGainLeadership ||
      request.on_behalf_of != NodeId(0) || leads()) {
    return AppendVerdict::kProceed;
  }
  const EntryId id = request.entry.id;
  Waiting waiting;
  waiting.request = std::move(request);
  waiting.serial = ++last_serial_;
  const auto place = waiting_.emplace(id, std::move(waiting));
  if (waiting_.size() > options_.waiting_max) {
    finish(place, error_of(AppendErrorKind::kOverloaded, Fate::kDidNotHappen));
    return AppendVerdict::kTaken;
  }
  wake(place->second.request.deadline);
  decide(place->second);
  return AppendVerdict::kTaken;
}

// --- Deciding who does it ------------------------------------------------------------------------

void Delegation::Implementation::decide(Waiting& waiting) {
  waiting.by_detour = false;
  const NodeId knows_better = std::exchange(waiting.knows_better, NodeId(0));
  const std::optional<NodeId> known = leader();
  if (leads() || known == self_) {
    append_here(waiting);
  } else if (known.has_value()) {
    forward(waiting, *known, false);
  } else if (knows_better != NodeId(0)) {
    take_detour(waiting, knows_better);
  } else if (may_lead()) {
    wait_turn(waiting);
  } else {
    hand_over(waiting);
  }
}

void Delegation::Implementation::wait_turn(Waiting& waiting) {
  waiting.stage = Stage::kTurn;
  waiting.due = Timestamp::max();
  if (turn_at_ == Timestamp::max()) {
    turn_at_ = context_->now().after(context_->prng().between(Duration::zero(), options_.turn));
  }
}

void Delegation::Implementation::take_turn() {
  turn_at_ = Timestamp::max();
  const bool nobody = !leader().has_value() && may_lead();
  bool led = false;
  for (auto& [id, waiting] : waiting_) {
    if (waiting.stage != Stage::kTurn) {
      continue;
    }
    if (nobody) {
      led = true;
      append_here(waiting);
    } else {
      decide(waiting);
    }
  }
  if (led) {
    SYNOD_MARK("delegation.leads-itself");
    ++stats.led_itself;
    leading_until_ = context_->now().after(5 * options_.turn);
  }
}

void Delegation::Implementation::append_here(Waiting& waiting) {
  waiting.stage = Stage::kLocal;
  waiting.due = Timestamp::max();
  AppendRequest local;
  local.entry = waiting.request.entry;
  local.rounds = waiting.request.rounds;
  local.deadline = waiting.request.deadline;
  local.retry = do_not_retry();
  local.done = [this, id = local.entry.id,
                serial = waiting.serial](absl::StatusOr<AppendReceipt> result) {
    on_local_end(id, serial, std::move(result));
  };
  context_->append(std::move(local));
}

void Delegation::Implementation::forward(Waiting& waiting, NodeId to, bool lead) {
  const Timestamp now = context_->now();
  if (waiting.asked != to || waiting.stage != Stage::kForwarded) {
    waiting.asked_since = now;
  }
  waiting.stage = Stage::kForwarded;
  waiting.asked = to;
  waiting.lead = lead;
  waiting.due = std::min(now.after(options_.resend_after), waiting.request.deadline);
  wake(waiting.due);
  last_attempt_ += last_attempt_ + 1 != 0 ? 1 : 2;
  waiting.attempt = last_attempt_;
  if (!waiting.unanswered.add(waiting.attempt)) {
    waiting.possible = true;  // Nobody counts it: what becomes of it stays open.
  }
  ++stats.forwarded;
  const AppendRequest& request = waiting.request;
  const delegation::ForwardedEntry forwarded{request.entry, request.rounds,
                                             request.deadline.since(now), waiting.attempt};
  ByteWriter out(
      parcel(to, true, delegation::Forward{self_, false, lead, {}}, request.entry.payload.size()));
  encode(forwarded, out);
}

// Through somebody who reaches a leader that this node does not.
void Delegation::Implementation::take_detour(Waiting& waiting, NodeId over) {
  SYNOD_MARK("delegation.takes-a-detour");
  waiting.by_detour = true;
  waiting.asked_since = context_->now();
  forward(waiting, over, false);
}

// The leader that was reached so may not reach this node, which then hears of what is settled from
// others only.
void Delegation::Implementation::learn_from(NodeId node) {
  constexpr std::uint64_t kRoundsMax = 256;
  if (context_->now() < learned_at_.after(options_.resend_after / 2)) {
    return;
  }
  learned_at_ = context_->now();
  context_->fetch({node, applied_.next(), applied_.plus(kRoundsMax)});
}

// This node may not lead: any member that votes may, in rotation.
void Delegation::Implementation::hand_over(Waiting& waiting) {
  const std::optional<NodeId> member = next_member(true, suspect_);
  if (member.has_value()) {
    forward(waiting, *member, true);
    return;
  }
  waiting.stage = Stage::kPausing;
  waiting.due = context_->now().after(options_.turn);
  wake(waiting.due);
}

std::optional<NodeId> Delegation::Implementation::next_member(bool voting, NodeId except) {
  const ReplicaView view = context_->replica();
  if (view.cluster == nullptr) {
    return std::nullopt;
  }
  std::vector<NodeId> fit;
  for (const Member& member : view.cluster->members) {
    const bool votes = member.roles.accept && member.roles.propose;
    if (member.id != self_ && member.id != except && (votes || !voting)) {
      fit.push_back(member.id);
    }
  }
  if (fit.empty()) {
    return std::nullopt;
  }
  return fit[rotation_++ % fit.size()];
}

// --- What becomes of it --------------------------------------------------------------------------

void Delegation::Implementation::look_after_all() {
  const Timestamp now = context_->now();
  due_ = Timestamp::max();
  for (auto place = waiting_.begin(); place != waiting_.end();) {
    const auto current = place++;
    if (current->second.request.deadline <= now) {
      finish(current, error_of(AppendErrorKind::kDeadline, Fate::kDidNotHappen));
      continue;
    }
    look_after(current->second);
    wake(std::min(current->second.due, current->second.request.deadline));
  }
}

void Delegation::Implementation::look_after(Waiting& waiting) {
  const std::optional<NodeId> known = leader();
  const bool due = waiting.due <= context_->now();
  switch (waiting.stage) {
    case Stage::kTurn:
      if (known.has_value() || leads()) {
        decide(waiting);
      }
      break;
    case Stage::kForwarded:
      if (leads() || (known.has_value() && known != waiting.asked && !waiting.by_detour &&
                      waiting.redirections == 0)) {
        decide(waiting);
      } else if (due && !known.has_value() && !waiting.lead && !waiting.by_detour) {
        decide(waiting);
      } else if (due) {
        ask_again(waiting);
      }
      break;
    case Stage::kLocal:
      break;
    case Stage::kPausing:
      if (due) {
        decide(waiting);
      }
      break;
  }
}

// No answer came, and the entry was not applied.
void Delegation::Implementation::ask_again(Waiting& waiting) {
  const Timestamp now = context_->now();
  if (waiting.by_detour) {
    learn_from(waiting.asked);
  }
  if (now < waiting.asked_since.after(options_.leader_timeout)) {
    forward(waiting, waiting.asked, waiting.lead);
    return;
  }
  waiting.redirections = 0;
  if (waiting.lead) {
    suspect(waiting.asked);
    decide(waiting);
    return;
  }
  // A leader that is heard but does not answer may not hear this node: then it must not be unseated
  // (H15), but asked by somebody who reaches it.
  const std::optional<NodeId> known = leader();
  const bool heard = known.has_value() && leadership_->last_seen(*known) > waiting.asked_since;
  const std::optional<NodeId> other = heard ? next_member(false, *known) : std::nullopt;
  if (other.has_value()) {
    take_detour(waiting, *other);
    return;
  }
  if (known.has_value()) {
    suspect(*known);
  }
  decide(waiting);
}

// Whoever abstained may do so because it follows a leader (H15), to whom it can pass an entry on.
NodeId Delegation::Implementation::who_abstained(const AppendError& error) {
  std::vector<NodeId> others;
  for (const Refusal& refusal : error.abstentions) {
    if (refusal.node != self_) {
      others.push_back(refusal.node);
    }
  }
  return others.empty() ? NodeId(0) : others[rotation_++ % others.size()];
}

void Delegation::Implementation::on_local_end(const EntryId& id, std::uint64_t serial,
                                              absl::StatusOr<AppendReceipt> result) {
  auto [place, end] = waiting_.equal_range(id);
  while (place != end && place->second.serial != serial) {
    ++place;
  }
  if (place == end) {
    return;  // Applied meanwhile: on_applied() has ended it.
  }
  if (result.ok()) {
    finish(place, *result);
    return;
  }
  Waiting& waiting = place->second;
  AppendError error = append_error(result.status()).value_or(AppendError{});
  waiting.possible = waiting.possible || error.fate == Fate::kUnknown;
  if (waiting.stage == Stage::kLocal) {
    waiting.stage = Stage::kPausing;
    waiting.knows_better = who_abstained(error);
    if (waiting.knows_better != NodeId(0)) {
      leading_until_ = Timestamp();  // The turn was no use.
    }
    const bool curable = error.curable() || error.kind == AppendErrorKind::kPassive;
    on_failure(place, std::move(error), curable);
  }
}

void Delegation::Implementation::on_applied(const Applied& applied) {
  applied_ = std::max(applied_, applied.placed.round);
  auto [place, end] = waiting_.equal_range(applied.placed.entry.id);
  while (place != end) {
    const auto current = place++;
    Waiting& waiting = current->second;
    if (applied.skipped == SkipReason::kExpired) {
      // Whatever a copy still does, it has no effect any more; and none was seen before.
      waiting.unanswered = {};
      waiting.possible = waiting.unseen;
      waiting.stage = Stage::kPausing;
      finish(current, error_of(AppendErrorKind::kExpired, Fate::kDidNotHappen));
      continue;
    }
    const bool repeat = applied.skipped == SkipReason::kRepeat;
    finish(current, AppendReceipt{repeat ? applied.repeat_of : applied.placed.round,
                                  applied.placed.coord, repeat});
  }
}

void Delegation::Implementation::on_installed(RoundNum round) {
  applied_ = std::max(applied_, round);
  for (auto place = waiting_.begin(); place != waiting_.end();) {
    const auto current = place++;
    current->second.unseen = true;
    current->second.possible = true;
    if (current->second.settled.has_value() && *current->second.settled <= round) {
      finish(current, error_of(AppendErrorKind::kSkipped, Fate::kHappened));
    }
  }
}

void Delegation::Implementation::finish(WaitingMap::iterator place, AppendReceipt receipt) {
  AppendDone done = std::move(place->second.request.done);
  waiting_.erase(place);
  if (done) {
    done(receipt);
  }
}

void Delegation::Implementation::finish(WaitingMap::iterator place, AppendError error) {
  const Waiting& waiting = place->second;
  const bool denied = error.fate == Fate::kDidNotHappen || error.fate == Fate::kNever;
  const bool open =
      waiting.possible || waiting.unanswered.count > 0 || waiting.stage == Stage::kLocal;
  if (waiting.settled.has_value()) {
    error.fate = Fate::kHappened;
  } else if (denied &&
             (open || (!waiting.request.id_minted_here && error.fate == Fate::kDidNotHappen))) {
    error.fate = Fate::kUnknown;
  }
  AppendDone done = std::move(place->second.request.done);
  waiting_.erase(place);
  if (done) {
    done(to_status(error));
  }
}

void Delegation::Implementation::shut_down() {
  stopped_ = true;
  parcels_.clear();
  while (!waiting_.empty()) {
    finish(waiting_.begin(), error_of(AppendErrorKind::kShutDown, Fate::kNever));
  }
}

}  // namespace synod
