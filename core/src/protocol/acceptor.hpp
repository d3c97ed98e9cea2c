// What this node promised and accepted: the memory that quorums are made of.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <synod/message.hpp>
#include <synod/record.hpp>
#include <synod/voter.hpp>

#include "protocol/learner.hpp"
#include "protocol/round_ring.hpp"
#include "protocol/shared.hpp"

namespace synod {

// Invariants (docs/protocol.md): the promise never falls (1); nothing is accepted below it (2);
// accepting raises it (3); one entry per round and coordination number (5). Every "yes" is a
// record, and its answer leaves after it.
class Acceptor {
 public:
  Acceptor(Shared& shared, const Learner& learner, Voter& voter)
      : shared_(shared), learner_(learner), voter_(voter) {}

  struct Promising {
    VoteSections vote;
  };
  using PrepareAnswer = std::variant<Promising, Conflict, Abstention, std::monostate>;
  // Nothing (monostate) where the number is out of all reason (Limits::counter_jump_max).
  [[nodiscard]] PrepareAnswer prepare(const Prepare& prepare);
  // The promise for what a Prepare asked, in pages: everything accepted from its round on.
  [[nodiscard]] std::vector<Promise> pages(const Prepare& prepare, VoteSections vote) const;

  struct Accepting {
    std::vector<Acceptance> accepted;  // Runs with one vote each.
    std::vector<Rejection> rejected;
    std::optional<Conflict> conflict;
    bool too_far = false;   // Rounds above what it may accept ahead were passed over.
    std::string violation;  // Not empty: the proposer contradicts itself.
  };
  // Requires: `entries` are those of rounds first, first+1, …
  [[nodiscard]] Accepting accept(CoordNum coord, RoundNum first, const std::vector<Entry>& entries);

  // A leader said how long ago a quorum answered it; shields it from challengers for a while, also
  // where this acceptor promised a higher number: it works without this one's vote.
  void leader_shown(CoordNum coord, Duration quorum_age);

  [[nodiscard]] CoordNum promised() const { return promised_; }
  // The highest counter seen anywhere, promised or not: the next campaign goes above it.
  [[nodiscard]] std::uint64_t counter_seen() const { return counter_seen_; }
  void note_counter(const CoordNum& coord);

  struct Accepted {
    CoordNum coord;
    Entry entry;
    std::uint64_t sequence = 0;  // Of the output that its record leaves with.
  };
  [[nodiscard]] const Accepted* accepted(RoundNum round) const { return accepted_.find(round); }
  // Beyond the highest round in which anything is accepted.
  [[nodiscard]] RoundNum accepted_end() const { return accepted_.end(); }
  [[nodiscard]] std::size_t accepted_count() const { return accepted_.count(); }

  // What is settled and applied needs no vote any more.
  void drop_applied(RoundNum applied) { accepted_.drop_below(applied.next()); }
  // A snapshot of `round` was installed: what was accepted above it stays, and so does the promise
  // (H4).
  void installed(RoundNum round);
  // Reads a record back.
  void restore(const PromiseRecord& record);
  void restore(const AcceptedRecord& record);
  // What a checkpoint needs of it: the promise, and every acceptance that is left.
  void write_anew();

 private:
  [[nodiscard]] bool reasonable(const CoordNum& coord) const;
  [[nodiscard]] bool is_outranked(const CoordNum& coord) const;
  [[nodiscard]] ProposalVote ask_voter(RoundNum round, CoordNum coord, const Entry& entry);
  bool accept_one(CoordNum coord, RoundNum round, const Entry& entry, Accepting& result);
  void add_acceptance(CoordNum coord, RoundNum round, VoteSections vote, Accepting& result) const;
  [[nodiscard]] Conflict conflict_with(CoordNum coord, RoundNum round) const;

  Shared& shared_;
  const Learner& learner_;
  Voter& voter_;

  // Durable, as records.
  CoordNum promised_;
  RoundRing<Accepted> accepted_;

  // Volatile.
  std::uint64_t counter_seen_ = 0;
  CoordNum shielded_;
  Timestamp shielded_until_;
};

}  // namespace synod
