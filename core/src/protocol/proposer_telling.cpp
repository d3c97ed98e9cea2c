// The proposer's news: commits, and what has to be said again.
#include <algorithm>
#include <utility>

#include <synod/probe.hpp>

#include "base/mutants.hpp"

#include "protocol/proposer.hpp"

namespace synod {

void Proposer::tell(RoundNum round, const Slot& slot) {
  if (untold_to_ != nullptr && untold_to_ != slot.electorate) flush_commits();
  untold_to_ = slot.electorate;
  const CoordNum coord = mandate_->coord();
  const bool joins = !untold_.empty() && untold_.back().coord == coord &&
                     untold_.back().first.plus(untold_.back().ids.size()) == round;
  if (!joins) untold_.push_back({round, coord, {}});
  untold_.back().ids.push_back(slot.entry.id);

  const bool whole = !shared_.options.acceptances_to_learners &&
                     slot.electorate->members().size() > slot.electorate->acceptors().size();
  if (whole) untold_whole_.push_back({round, coord, slot.entry});
  // Whoever is known not to hold the entry gets it whole, at once.
  if (const AcceptorSet without = slot.rejected | slot.refused; without != 0) {
    SYNOD_MARK("proposer.tells-who-refused");
    Commit commit;
    commit.entries.push_back({round, coord, slot.entry});
    commit.quorum_age = quorum_age();
    shared_.outbox.send(without_self(slot.electorate->ids(without)), std::move(commit));
  }
  if (slot.on_behalf_of != NodeId(0) && slot.on_behalf_of != shared_.options.id &&
      std::find(told_at_once_.begin(), told_at_once_.end(), slot.on_behalf_of) ==
          told_at_once_.end()) {
    told_at_once_.push_back(slot.on_behalf_of);
  }
  tell_by_ = std::min(tell_by_, shared_.now.after(shared_.options.commit_delay));
}

void Proposer::tell_origins() {
  if (told_at_once_.empty()) return;
  std::vector<NodeId> origins = std::exchange(told_at_once_, {});
  if (untold_.empty()) return;
  Commit commit;
  commit.by_id = untold_;
  commit.entries = untold_whole_;
  commit.quorum_age = quorum_age();
  shared_.outbox.send(std::move(origins), std::move(commit));
}

void Proposer::flush_commits() {
  tell_by_ = Timestamp::max();
  told_at_once_.clear();
  if (untold_to_ == nullptr) return;
  const ElectoratePtr electorate = std::exchange(untold_to_, nullptr);
  if (!untold_whole_.empty()) {
    std::vector<NodeId> others;
    for (const NodeId id : without_self(electorate->members())) {
      const auto& acceptors = electorate->acceptors();
      const bool accepts = std::find(acceptors.begin(), acceptors.end(), id) != acceptors.end();
      if (!accepts) others.push_back(id);
    }
    Commit commit;
    commit.entries = std::exchange(untold_whole_, {});
    commit.quorum_age = quorum_age();
    shared_.outbox.send(std::move(others), std::move(commit));
  }
  if (untold_.empty()) return;
  last_told_ = untold_.back();
  Commit commit;
  commit.by_id = std::exchange(untold_, {});
  commit.quorum_age = quorum_age();
  const bool to_all = shared_.options.acceptances_to_learners;
  shared_.outbox.send(without_self(to_all ? electorate->members() : electorate->acceptors()),
                      std::move(commit));
  repeat_at_ = shared_.now.after(shared_.jittered(shared_.options.idle_interval));
}

void Proposer::resend() {
  constexpr int kRunsMax = 16;
  // What left only now is not late.
  const Timestamp overdue =
      Timestamp(shared_.now.microseconds() - (shared_.options.retransmit_after * 3 / 4).count());
  const Limits& limits = shared_.options.limits;
  RoundNum round = flight_.first();
  for (int runs = 0; runs < kRunsMax && round < flight_.end(); ++runs) {
    Propose propose;
    propose.coord = mandate_->coord();
    propose.quorum_age = quorum_age();
    ElectoratePtr electorate;
    AcceptorSet everywhere = ~AcceptorSet{0};
    std::size_t bytes = 0;
    for (; round < flight_.end() && propose.entries.size() < limits.batch_entries_max &&
           bytes < limits.batch_bytes_max;
         round = round.next()) {
      const Slot* slot = flight_.find(round);
      const bool open = slot != nullptr && !slot->chosen && slot->sent_at <= overdue;
      if (!open && propose.entries.empty()) continue;
      if (!open || (electorate != nullptr && electorate != slot->electorate)) break;
      if (propose.entries.empty()) propose.first = round;
      electorate = slot->electorate;
      everywhere &= slot->accepted;
      bytes += slot->entry.payload.size() + 64;
      propose.entries.push_back(slot->entry);
      if (SYNOD_MUTANT("another-entry-on-resend")) {
        propose.entries.back().id = shared_.prng.entry_id();
      }
    }
    if (propose.entries.empty()) return;
    std::vector<NodeId> to = without_self(electorate->ids(electorate->all() & ~everywhere));
    shared_.outbox.send(std::move(to), std::move(propose));
  }
}

bool Proposer::tick() {
  if (!leads()) return true;
  if (shared_.now >= tell_by_ || SYNOD_BUGGIFY("proposer.commits-at-once")) flush_commits();
  if (shared_.now >= repeat_at_ && !SYNOD_MUTANT("missed-commit-stays-missed")) {
    const int sooner = SYNOD_BUGGIFY("proposer.commit-repeated-early") ? 20 : 1;
    repeat_at_ = shared_.now.after(shared_.jittered(shared_.options.idle_interval / sooner));
    if (const ElectoratePtr& electorate = membership_.newest(); electorate != nullptr) {
      Commit commit;
      if (!last_told_.ids.empty()) commit.by_id.push_back(last_told_);
      commit.quorum_age = quorum_age();
      shared_.outbox.send(without_self(electorate->members()), std::move(commit));
    }
  }
  if (unchosen_ > 0 && shared_.now >= resend_at_) {
    SYNOD_MARK("proposer.resends");
    resend();
    const int sooner = SYNOD_BUGGIFY("proposer.resends-early") ? 20 : 1;
    resend_at_ = shared_.now.after(
        shared_.backed_off(shared_.options.retransmit_after / sooner, ++resends_));
  }
  // H15: a leader that no quorum answers is none, whatever its followers hear of it.
  const bool waits = unchosen_ > 0 || lacks_promises_;
  const bool silent = waits && shared_.now.since(waiting_since_) >= patience();
  if (!silent || SYNOD_MUTANT("deaf-leader-stays")) return true;
  SYNOD_MARK("proposer.quorum-is-silent");
  return false;
}

Timestamp Proposer::deadline() const {
  constexpr Duration kExpireInterval = std::chrono::milliseconds(50);
  Timestamp deadline = Timestamp::max();
  if (!queue_.empty()) deadline = shared_.now.after(kExpireInterval);
  if (!leads()) return deadline;
  deadline = std::min({deadline, tell_by_, repeat_at_, resend_at_});
  if (lacks_promises_) deadline = std::min(deadline, ask_promises_at_);
  if (unchosen_ > 0 || lacks_promises_) {
    deadline = std::min(deadline, waiting_since_.after(patience()));
  }
  return deadline;
}

}  // namespace synod
