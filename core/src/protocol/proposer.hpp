// Phase 2: places entries in rounds under a mandate, counts acceptances, tells what is committed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <synod/append.hpp>
#include <synod/message.hpp>
#include <synod/replica.hpp>

#include "protocol/append_queue.hpp"
#include "protocol/electorate.hpp"
#include "protocol/learner.hpp"
#include "protocol/mandate.hpp"
#include "protocol/membership.hpp"
#include "protocol/round_ring.hpp"
#include "protocol/shared.hpp"

namespace synod {

// Invariants: one entry per round and number, ever (5); a round that phase 1 bound is proposed with
// that entry; a round is proposed only where those who promised are a phase-1 quorum of that round's
// electorate (4).
class Proposer {
 public:
  Proposer(Shared& shared, const Membership& membership, const Learner& learner)
      : shared_(shared), membership_(membership), learner_(learner) {}

  // --- Appends that wait for a round.
  // False where the queue is full.
  [[nodiscard]] bool enqueue(Append append);
  [[nodiscard]] bool wants_mandate() const { return !queue_.empty(); }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  // Fails everything that waits.
  void fail_queue(const AppendError& error);
  // Fails what has waited past its deadline.
  void expire_queue();

  // --- The mandate.
  [[nodiscard]] bool leads() const { return mandate_.has_value(); }
  [[nodiscard]] CoordNum coord() const { return leads() ? mandate_->coord() : CoordNum{}; }
  [[nodiscard]] RoundNum leads_from() const { return leads() ? mandate_->first() : RoundNum(0); }
  void assume(Mandate mandate);
  // Ends the mandate; what is proposed may still be chosen, what waits is failed.
  void resign(const CoordNum& to, const AppendError& error);
  // A late promise, or one that was asked for because the electorate changed. False: a contradiction.
  [[nodiscard]] bool on(NodeId from, Incarnation incarnation, const Promise& promise);
  // An acceptor that promised more than this mandate's number is lost to it, and is won back by a
  // campaign above that promise: once its candidate has had its time and rounds are chosen all the
  // same. True until assume(), resign() or postpone_renewal(); nothing new is proposed meanwhile.
  [[nodiscard]] bool wants_renewal() const {
    return leads() && stray_at_ >= renew_from_ && quorum_at_ >= renew_from_;
  }
  // Whether what was proposed is chosen: a new number finds nothing to decide anew.
  [[nodiscard]] bool may_renew() const { return wants_renewal() && unchosen_ == 0; }
  // Goes on at the number of `mandate`; what waits goes on waiting.
  void renew(Mandate mandate);
  // Not now: the next conflict counts as the first.
  void postpone_renewal() { renew_from_ = Timestamp::max(); }
  // Settles every round up to `round`, with no-ops where there is nothing else.
  void settle_up_to(RoundNum round) { settle_to_ = std::max(settle_to_, round); }

  // --- Proposing.
  struct Batch {
    RoundNum first;
    std::vector<Entry> entries;
    ElectoratePtr electorate;
  };
  // The next run of rounds to propose, within the window up to `window_end`; nothing where there is
  // nothing to propose, or promises are missing. The caller lets the own acceptor vote first, then
  // calls send().
  [[nodiscard]] std::optional<Batch> next_batch(RoundNum window_end);
  // The own voter refuses an entry of a batch: its append fails, and a no-op takes its place. False
  // where the entry is bound by phase 1, and goes out all the same.
  [[nodiscard]] bool replace_refused(Batch& batch, RoundNum round, const VoteSections& vote);
  // The commits so far ride along.
  void send(Batch batch);

  // --- Counting. What is chosen is added to `chosen`.
  void on(NodeId from, Incarnation incarnation, const Acceptance& acceptance,
          std::vector<PlacedEntry>& chosen);
  // Refusals; true where a round cannot be won any more and the mandate is of no use.
  [[nodiscard]] bool on(NodeId from, Incarnation incarnation, const Rejection& rejection);
  [[nodiscard]] bool on(NodeId from, Incarnation incarnation, const Conflict& conflict);
  // Why, after one of these was true.
  [[nodiscard]] AppendError error(RoundNum round, AppendErrorKind kind) const;

  // A round is settled, here or elsewhere: whoever waited for another entry in it is told.
  void settled(const PlacedEntry& placed);
  void forget_applied();

  // --- Telling.
  // To those on whose behalf something was appended.
  void tell_origins();
  void flush_commits();
  // Sends again what got no answer; false where no quorum has answered for too long.
  [[nodiscard]] bool tick();
  [[nodiscard]] Timestamp deadline() const;
  [[nodiscard]] std::size_t in_flight() const { return flight_.count(); }
  [[nodiscard]] Duration quorum_age() const;
  [[nodiscard]] RoundNum next_round() const { return next_; }
  // When `round` was first proposed under this mandate; now where it was not.
  [[nodiscard]] Timestamp sent_at(RoundNum round) const {
    const Slot* slot = flight_.find(round);
    return slot == nullptr ? shared_.now : slot->sent_at;
  }

 private:
  struct Slot {
    Entry entry;
    ElectoratePtr electorate;
    AcceptorSet accepted = 0;
    AcceptorSet refused = 0;
    AcceptorSet rejected = 0;
    bool chosen = false;
    bool appended_here = false;
    NodeId on_behalf_of;
    Timestamp sent_at;
    std::vector<Refusal> rejections;
  };

  void heard_a_stray(NodeId from, Incarnation incarnation);
  [[nodiscard]] bool covers(const ElectoratePtr& electorate, RoundNum round);
  [[nodiscard]] std::optional<Append> next_append(RoundNum round);
  [[nodiscard]] bool must_fill(RoundNum round, RoundNum window_end) const;
  // What `round` is to be proposed with; nothing: nothing yet.
  [[nodiscard]] std::optional<Append> content(RoundNum round, RoundNum window_end);
  void place(RoundNum round, const Append& append, const ElectoratePtr& electorate);
  void choose(RoundNum round, Slot& slot, std::vector<PlacedEntry>& chosen);
  void tell(RoundNum round, const Slot& slot);
  void resend();
  // Whether another attempt with `id` waits or is in flight, besides the one in `round`.
  [[nodiscard]] bool is_elsewhere(const EntryId& id, RoundNum round) const;
  void fail(const Append& append, AppendErrorKind kind, Fate fate);
  // How long a quorum may be silent.
  [[nodiscard]] Duration patience() const {
    return shared_.pace.patience(shared_.options.quorum_timeout);
  }
  [[nodiscard]] std::vector<NodeId> without_self(const std::vector<NodeId>& ids) const;

  Shared& shared_;
  const Membership& membership_;
  const Learner& learner_;

  AppendQueue queue_;
  std::uint64_t queue_bytes_ = 0;
  std::optional<Mandate> mandate_;
  ElectoratePtr covered_;           // The last electorate that the promisers were checked against.
  bool lacks_promises_ = false;     // The next round's electorate has not promised enough.
  Timestamp ask_promises_at_;       // When to ask for them again.
  RoundNum next_ = RoundNum(1);     // The lowest round that was not proposed under this mandate.
  RoundNum settle_to_;
  RoundRing<Slot> flight_;
  std::size_t unchosen_ = 0;

  // Commits that were not told yet.
  std::vector<CommitRun> untold_;
  std::vector<PlacedEntry> untold_whole_;    // For members that do not accept.
  ElectoratePtr untold_to_;
  std::vector<NodeId> told_at_once_;
  Timestamp tell_by_ = Timestamp::max();
  Timestamp repeat_at_ = Timestamp::max();   // When to repeat the last commit for want of news.
  CommitRun last_told_;

  Timestamp quorum_at_;                      // When a quorum last answered; from the mandate on.
  Timestamp waiting_since_;                  // For the first round in flight, or the last choice.
  Timestamp resend_at_ = Timestamp::max();
  std::uint32_t resends_ = 0;

  Timestamp stray_at_;                       // The last conflict of an acceptor that promised more.
  Timestamp renew_from_ = Timestamp::max();  // When the candidate of the first one had its time.
  std::uint32_t renewals_ = 0;               // In a row.
};

}  // namespace synod
