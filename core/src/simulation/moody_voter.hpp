// A voter that says no, or throws, as its node's moods tell it; otherwise it asks another one.
#pragma once

#include <cstdint>
#include <memory>

#include <synod/prng.hpp>
#include <synod/voter.hpp>

namespace synod::simulation {

// Outlive the lives of a node; the voter of each looks at them.
struct Moods {
  explicit Moods(Prng mood_prng) : prng(mood_prng) {}
  void calm() { nay = abstain = throws = 0; }

  Prng prng;
  double nay = 0;
  double abstain = 0;
  double throws = 0;
  std::uint64_t nays = 0;  // These count what came of it.
  std::uint64_t abstentions = 0;
  std::uint64_t thrown = 0;
};

class MoodyVoter final : public Voter {
 public:
  // `moods` outlives it.
  MoodyVoter(std::unique_ptr<Voter> voter, Moods& moods)
      : voter_(std::move(voter)), moods_(moods) {}

  CandidateVote contemplate_candidate(const Candidacy& candidacy) override;
  ProposalVote contemplate_proposal(const Proposal& proposal) override;
  void observe_commit(const Proposal& committed) override;

 private:
  void maybe_throw();

  std::unique_ptr<Voter> voter_;
  Moods& moods_;
};

}  // namespace synod::simulation
