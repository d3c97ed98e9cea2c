// How a leader wins a stray acceptor back without ceasing to lead.
#include <utility>

#include <synod/check.hpp>
#include <synod/probe.hpp>

#include "base/mutants.hpp"

#include "protocol/proposer.hpp"

namespace synod {

// A candidate that is about to win is given the time to: then nothing is chosen here any more. Each
// renewal in a row waits longer, for whoever makes strays again and again.
void Proposer::heard_a_stray(NodeId from, Incarnation incarnation) {
  const ElectoratePtr& electorate = membership_.newest();
  if (electorate == nullptr || electorate->bit_of(from, incarnation) == 0) return;
  if (SYNOD_MUTANT("stray-is-left-alone")) return;
  stray_at_ = shared_.now;
  if (renew_from_ != Timestamp::max()) return;
  const Duration wait = shared_.pace.patience(shared_.options.campaign_timeout);
  renew_from_ = shared_.now.after(shared_.backed_off(wait, renewals_));
}

void Proposer::renew(Mandate mandate) {
  SYNOD_CHECK(may_renew(), "a renewal over what is not chosen yet");
  SYNOD_MARK("proposer.renews-its-mandate");
  flush_commits();
  mandate_.reset();
  ++renewals_;
  assume(std::move(mandate));
  // It shows itself at the new number at once, to those as well that it won back.
  settle_up_to(next_);
}

}  // namespace synod
