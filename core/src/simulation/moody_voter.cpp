#include "simulation/moody_voter.hpp"

#include <stdexcept>

namespace synod::simulation {

void MoodyVoter::maybe_throw() {
  if (!moods_.prng.chance(moods_.throws)) return;
  ++moods_.thrown;
  if (moods_.prng.chance(0.5)) throw std::runtime_error("a voter in a bad mood");
  throw 7;  // Users throw anything.
}

CandidateVote MoodyVoter::contemplate_candidate(const Candidacy& candidacy) {
  maybe_throw();
  if (!moods_.prng.chance(moods_.abstain)) return voter_->contemplate_candidate(candidacy);
  ++moods_.abstentions;
  return {false, {{"mood", Payload::copy_of("abstains")}}};
}

ProposalVote MoodyVoter::contemplate_proposal(const Proposal& proposal) {
  maybe_throw();
  if (!moods_.prng.chance(moods_.nay)) return voter_->contemplate_proposal(proposal);
  ++moods_.nays;
  return {false, {{"mood", Payload::copy_of("nay")}}};
}

void MoodyVoter::observe_commit(const Proposal& committed) {
  maybe_throw();
  voter_->observe_commit(committed);
}

}  // namespace synod::simulation
