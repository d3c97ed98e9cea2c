#include <algorithm>
#include <utility>

#include <synod/probe.hpp>
#include <synod/status.hpp>

#include "base/mutants.hpp"
#include "node/runner_implementation.hpp"

namespace synod {
namespace {

// Overdue appends are looked for this often at the most: each search goes over all that wait.
constexpr Duration kOverdueSearchPause = std::chrono::milliseconds(1);

bool same_attempt(const AppendRequest& a, const AppendRequest& b) {
  return a.rounds == b.rounds && a.importance == b.importance;
}

AppendError error_of(AppendErrorKind kind, Fate fate, std::string detail = {}) {
  AppendError error;
  error.kind = kind;
  error.fate = fate;
  error.detail = std::move(detail);
  return error;
}

// What is said of the whole append, where an attempt before may have happened.
Fate fate_of_all(Fate fate, bool possible) {
  const bool denied = fate == Fate::kDidNotHappen || fate == Fate::kNever;
  return possible && denied ? Fate::kUnknown : fate;
}

}  // namespace

AppendError Runner::Implementation::refusal(AppendErrorKind kind) const {
  const Fate fate = kind == AppendErrorKind::kShutDown ? Fate::kNever : Fate::kDidNotHappen;
  return error_of(kind, fate, std::string(failure_.message()));
}

// --- Taking requests -----------------------------------------------------------------------------

void Runner::Implementation::accept(QueuedAppend queued) {
  AppendWaiter waiter;
  waiter.request = std::move(queued.request);
  waiter.below = queued.below;
  AppendRequest& request = waiter.request;
  if (request.entry.id.is_nil()) {
    request.entry.id = prng_.entry_id();
  }
  if (request.deadline == Timestamp::max()) {
    request.deadline = now_.after(options_.append_timeout);
  }
  attempt(std::move(waiter));
}

void Runner::Implementation::attempt(AppendWaiter waiter) {
  if (waiter.request.deadline <= now_) {
    waiter.state = AppendWaiter::State::kPausing;
    complete(waiters_.add(std::move(waiter)),
             error_of(AppendErrorKind::kDeadline, Fate::kDidNotHappen));
    return;
  }
  if (!offer(waiter)) {
    step_or_share(std::move(waiter));
  }
}

bool Runner::Implementation::offer(AppendWaiter& waiter) {
  if (waiter.below > 0 && waiter.possible && !waiter.guarded) {
    // Whoever takes the request now does not know what was tried before.
    waiter.guarded = true;
    waiter.request.done =
        [inner = std::move(waiter.request.done)](absl::StatusOr<AppendReceipt> result) mutable {
          std::optional<AppendError> error = append_error(result.status());
          if (error.has_value()) {
            error->fate = fate_of_all(error->fate, true);
            result = to_status(*error);
          }
          if (inner) {
            inner(std::move(result));
          }
        };
  }
  for (std::size_t place = waiter.below; place-- > 0;) {
    Hook& hook = hooks_[place];
    if (hook.decoration->on_append(*hook.context, waiter.request) == AppendVerdict::kTaken) {
      return true;
    }
  }
  return false;
}

// Two appends of one entry that ask for the same share one attempt: an answer of the replica names
// the entry, not the append.
void Runner::Implementation::step_or_share(AppendWaiter waiter) {
  bool shared = false;
  for (WaiterSlot slot = waiters_.first(waiter.request.entry.id); slot != kNoWaiter;
       slot = waiters_[slot].next) {
    const AppendWaiter& other = waiters_[slot];
    shared = shared || (other.state == AppendWaiter::State::kInReplica &&
                        same_attempt(other.request, waiter.request));
  }
  const AppendRequest& request = waiter.request;
  overdue_at_ = std::min(overdue_at_, request.deadline);
  if (shared) SYNOD_MARK("runner.two-appends-share-an-attempt");
  if (!shared) {
    step(Append{request.entry, request.importance, request.rounds, request.deadline,
                request.on_behalf_of});
  }
  ++waiter.attempts;
  waiter.state = AppendWaiter::State::kInReplica;
  waiters_.add(std::move(waiter));
}

void Runner::Implementation::accept(ReadRequest request) {
  if (request.deadline == Timestamp::max()) {
    request.deadline = now_.after(options_.append_timeout);
  }
  if (offer(request)) {
    return;
  }
  const std::uint64_t ticket = first_ticket_ + read_waiters_.size();
  read_waiters_.push_back(std::move(request.done));
  step(Read{ticket, request.deadline});
}

bool Runner::Implementation::offer(ReadRequest& request) {
  for (std::size_t place = hooks_.size(); place-- > 0;) {
    Hook& hook = hooks_[place];
    switch (hook.decoration->on_read(*hook.context, request)) {
      case ReadVerdict::kProceed:
        break;
      case ReadVerdict::kServeNow:
        read_completions_.push_back({std::move(request.done), absl::OkStatus()});
        return true;
      case ReadVerdict::kTaken:
        return true;
    }
  }
  return false;
}

// --- What becomes of them ------------------------------------------------------------------------

void Runner::Implementation::on(const Applied& applied) {
  WaiterSlot slot = waiters_.first(applied.placed.entry.id);
  while (slot != kNoWaiter) {
    const WaiterSlot next = waiters_[slot].next;
    if (applied.skipped == SkipReason::kExpired) {
      // Had it taken effect before, within the life of this append, it would have ended then.
      complete(slot, error_of(AppendErrorKind::kExpired, Fate::kDidNotHappen));
    } else {
      const bool repeat = applied.skipped == SkipReason::kRepeat;
      complete(slot, AppendReceipt{repeat ? applied.repeat_of : applied.placed.round,
                                   applied.placed.coord, repeat});
    }
    slot = next;
  }
}

void Runner::Implementation::on(const AppendFailed& failed) {
  std::uint32_t affected = 0;
  const AppendWaiter* one = nullptr;
  bool alike = true;
  for (WaiterSlot slot = waiters_.first(failed.id); slot != kNoWaiter; slot = waiters_[slot].next) {
    if (waiters_[slot].state == AppendWaiter::State::kInReplica) {
      alike = alike && (one == nullptr || same_attempt(one->request, waiters_[slot].request));
      one = &waiters_[slot];
      ++affected;
    }
  }
  AppendError error = failed.error;
  if (affected > 1 && !alike) {
    // One of several different attempts at this entry has failed: the others go on.
    error.fate = fate_of_all(error.fate, true);
  }
  WaiterSlot slot = waiters_.first(failed.id);
  while (slot != kNoWaiter) {
    const WaiterSlot next = waiters_[slot].next;
    if (waiters_[slot].state == AppendWaiter::State::kInReplica) {
      attempt_failed(slot, error);
    }
    slot = next;
  }
}

void Runner::Implementation::attempt_failed(WaiterSlot slot, AppendError error) {
  AppendWaiter& waiter = waiters_[slot];
  if (error.kind == AppendErrorKind::kExpired && waiter.request.id_minted_here &&
      !waiter.possible) {
    error.fate = Fate::kDidNotHappen;  // Nobody else can have placed it.
  }
  waiter.possible = waiter.possible || error.fate == Fate::kUnknown;
  if (SYNOD_MUTANT("unknown-attempt-forgotten")) waiter.possible = false;
  const bool time_is_left = now_ < waiter.request.deadline;
  // A shared attempt may have ended at the deadline of the other append.
  const bool curable =
      error.curable() || (error.kind == AppendErrorKind::kDeadline && time_is_left);
  if (error.fate == Fate::kHappened || !curable || !time_is_left || !active()) {
    complete(slot, std::move(error));
    return;
  }
  RetryPolicy& policy = waiter.request.retry != nullptr ? *waiter.request.retry : *default_retry_;
  const Duration pause = policy.pause(error, waiter.attempts, prng_);
  if (pause < Duration::zero()) {
    complete(slot, std::move(error));
    return;
  }
  SYNOD_MARK("runner.tries-again");
  waiter.state = AppendWaiter::State::kPausing;
  waiter.last_error = std::make_unique<AppendError>(std::move(error));
  retries_.push_back({now_.after(pause), slot, waiter.generation});
  std::push_heap(retries_.begin(), retries_.end(),
                 [](const Retry& a, const Retry& b) { return a.due > b.due; });
}

void Runner::Implementation::run_retries() {
  const auto later = [](const Retry& a, const Retry& b) { return a.due > b.due; };
  while (!retries_.empty() && retries_.front().due <= now_) {
    std::pop_heap(retries_.begin(), retries_.end(), later);
    const Retry retry = retries_.back();
    retries_.pop_back();
    if (waiters_.holds(retry.slot, retry.generation)) {
      attempt(waiters_.remove(retry.slot));
    }
  }
}

// The replica ends what it holds at its deadline; this ends what waits between two attempts, or
// shares one that has more time.
void Runner::Implementation::fail_overdue() {
  if (now_ < overdue_at_) {
    return;
  }
  Timestamp earliest = Timestamp::max();
  for (WaiterSlot slot = 0; slot < waiters_.slots(); ++slot) {
    AppendWaiter& waiter = waiters_[slot];
    if (waiter.state == AppendWaiter::State::kFree) {
      continue;
    }
    if (waiter.request.deadline > now_) {
      earliest = std::min(earliest, waiter.request.deadline);
      continue;
    }
    SYNOD_MARK("runner.append-is-overdue");
    const bool open = waiter.state == AppendWaiter::State::kInReplica;
    AppendError error;
    if (waiter.last_error != nullptr) {
      error = std::move(*waiter.last_error);
      error.detail = std::string(to_string(error.kind)) + " at the last attempt" +
                     (error.detail.empty() ? "" : ": ") + error.detail;
    }
    error.kind = AppendErrorKind::kDeadline;
    error.fate = open ? Fate::kUnknown : Fate::kDidNotHappen;
    complete(slot, std::move(error));
  }
  overdue_at_ = std::max(earliest, now_.after(kOverdueSearchPause));
  overdue_at_ = earliest == Timestamp::max() ? earliest : overdue_at_;
}

// A snapshot passed over rounds: an entry of one of them took effect unseen.
void Runner::Implementation::on_installed() {
  SYNOD_MARK("runner.snapshot-passed-over-rounds");
  const bool hides = SYNOD_MUTANT("install-hides-effects");
  for (WaiterSlot slot = 0; slot < waiters_.slots(); ++slot) {
    waiters_[slot].possible = waiters_[slot].possible || !hides;
    // No answer will come: what was in the replica is gone, or took effect below the snapshot.
    // Asked again, it takes effect, or turns out to be a repeat.
    if (waiters_[slot].state == AppendWaiter::State::kInReplica) {
      attempt_failed(slot, error_of(AppendErrorKind::kLost,
                                    hides ? Fate::kDidNotHappen : Fate::kUnknown));
    }
  }
}

void Runner::Implementation::complete(WaiterSlot slot, AppendReceipt receipt) {
  AppendWaiter waiter = waiters_.remove(slot);
  if (waiter.request.done) {
    completions_.push_back({std::move(waiter.request.done), receipt});
  }
}

void Runner::Implementation::complete(WaiterSlot slot, AppendError error) {
  AppendWaiter waiter = waiters_.remove(slot);
  if (!waiter.request.done) {
    return;
  }
  // An id that was made elsewhere may have been appended elsewhere, too (H13).
  const bool possible =
      waiter.possible || (!waiter.request.id_minted_here && error.fate == Fate::kDidNotHappen);
  error.fate = fate_of_all(error.fate, possible);
  completions_.push_back({std::move(waiter.request.done), to_status(error)});
}

void Runner::Implementation::on(const ReadReady& ready) {
  complete_read(ready.ticket, absl::OkStatus());
}

void Runner::Implementation::on(const ReadFailed& failed) {
  complete_read(failed.ticket, to_status(failed.error));
}

void Runner::Implementation::complete_read(std::uint64_t ticket, absl::Status status) {
  if (ticket < first_ticket_ || ticket - first_ticket_ >= read_waiters_.size()) {
    return;
  }
  auto& done = read_waiters_[ticket - first_ticket_];
  if (done) {
    read_completions_.push_back({std::exchange(done, nullptr), std::move(status)});
  }
  while (!read_waiters_.empty() && !read_waiters_.front()) {
    read_waiters_.pop_front();
    ++first_ticket_;
  }
}

// Nothing will come any more: whatever waits ends now.
void Runner::Implementation::end_waiters(AppendErrorKind kind) {
  for (WaiterSlot slot = 0; slot < waiters_.slots(); ++slot) {
    AppendWaiter& waiter = waiters_[slot];
    if (waiter.state != AppendWaiter::State::kFree) {
      SYNOD_MARK("runner.ends-with-appends-waiting");
      waiter.possible = waiter.possible || waiter.state == AppendWaiter::State::kInReplica;
      complete(slot, refusal(kind));
    }
  }
  for (QueuedAppend& queued : std::exchange(appends_, {})) {
    if (queued.request.done) {
      completions_.push_back({std::move(queued.request.done), to_status(refusal(kind))});
    }
  }
  for (std::uint64_t ticket = first_ticket_, end = first_ticket_ + read_waiters_.size();
       ticket < end; ++ticket) {
    complete_read(ticket, to_status(refusal(kind)));
  }
  for (ReadRequest& request : std::exchange(reads_, {})) {
    read_completions_.push_back({std::move(request.done), to_status(refusal(kind))});
  }
}

}  // namespace synod
