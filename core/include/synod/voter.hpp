// File: voter.hpp
//
// A voter lets the application have a say in promises and acceptances. It is asked only where "yes"
// would be safe, so it can refuse but never endanger anything: a refusal costs progress, not safety.
// An entry that an earlier leader may have chosen is proposed whatever a voter thinks of it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <synod/bytes.hpp>
#include <synod/entry.hpp>
#include <synod/types.hpp>

namespace synod {

// Named bytes that ride along with a vote, so that what the user's voter says and what a
// decoration's says do not collide. At most Limits::vote_bytes_max in all; what does not fit is
// dropped, from the end.
struct VoteSection {
  std::string name;
  Payload bytes;

  friend bool operator==(const VoteSection&, const VoteSection&) = default;
};
using VoteSections = std::vector<VoteSection>;

// The section called `name`; null where there is none.
[[nodiscard]] const VoteSection* find_section(const VoteSections& sections, std::string_view name);

struct Candidacy {
  RoundNum round;  // The candidate asks to lead from here on.
  CoordNum coord;
  Timestamp now;
};
struct Proposal {
  RoundNum round;
  CoordNum coord;
  const Entry& entry;
  Timestamp now;
};

struct CandidateVote {
  bool yea = true;  // Otherwise an abstention.
  VoteSections sections = {};
};
struct ProposalVote {
  bool yea = true;  // Otherwise a nay.
  VoteSections sections = {};
};

// Called on the node's thread, one call at a time, and must be quick and free of side effects that
// cannot be repeated. An exception that leaves a method is caught and counts as no.
class Voter {
 public:
  virtual ~Voter() = default;
  virtual CandidateVote contemplate_candidate(const Candidacy& /*candidacy*/) { return {}; }
  virtual ProposalVote contemplate_proposal(const Proposal& /*proposal*/) { return {}; }
  // Every commit of a round that was not applied yet, in no particular order.
  virtual void observe_commit(const Proposal& /*committed*/) {}
};

// Says yes to everything; what a node has without a voter of the user's.
class IndiscriminateVoter final : public Voter {};

}  // namespace synod
