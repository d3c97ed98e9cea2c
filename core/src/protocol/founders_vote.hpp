// Round 0 where a quorum founds: which genesis map it is, by Paxos for a single decree.
#pragma once

#include <optional>
#include <string>

#include <synod/message.hpp>
#include <synod/record.hpp>

#include "protocol/electorate.hpp"
#include "protocol/shared.hpp"

namespace synod {

// One founder's acceptor and proposer for the genesis map. Invariants: the promise never falls;
// nothing is accepted below it; accepting raises it; a vote, the own one included, is told and
// counted only once its record is durable; a map that a quorum may have accepted is never replaced.
// Votes count by id, whatever the incarnation: which one counts is what is being decided, so all of
// it rests on no founder losing its vote (docs/protocol.md, "Founding by a quorum").
class FoundersVote {
 public:
  explicit FoundersVote(Shared& shared);

  // The last record that was read back.
  void restore(const GenesisVoteRecord& record) { vote_ = record; }
  [[nodiscard]] const GenesisVoteRecord& vote() const { return vote_; }
  // What a checkpoint needs.
  void write_anew();

  // --- The acceptor's side. Requires: the terms are this node's, and the number is the sender's.
  void on(NodeId from, const GenesisPrepare& prepare);
  // What is wrong with the proposal, where it breaks the protocol; else empty.
  [[nodiscard]] std::string on(NodeId from, const GenesisPropose& propose);

  // --- The proposer's side.
  [[nodiscard]] bool campaigns() const { return campaign_.has_value(); }
  [[nodiscard]] Timestamp may_campaign_at() const { return not_before_; }
  // Draws a short time to wait, so that founders that are ready together do not bid together.
  void wait_a_moment();
  // Begins a bid. Requires: none runs, and the founders' cluster can be one.
  void campaign(const GenesisMap& terms);
  void on(NodeId from, const GenesisPromise& promise);
  void on(NodeId from, const GenesisAcceptance& acceptance);
  void on(NodeId from, const GenesisConflict& conflict);
  void written(std::uint64_t sequence);
  // Asks again, or gives up when the time is over.
  void tick();
  // Takes the next step of the bid, if it is won so far. `own` is proposed unless the promises tell
  // of another map. Gives the map back once a quorum is known to have accepted it.
  [[nodiscard]] std::optional<GenesisMap> advance(const GenesisMap& own);
  void stop() { campaign_.reset(); }
  [[nodiscard]] Timestamp deadline() const;

  // Whether those whose incarnation `map` names are enough to settle entries; false where the
  // founders' cluster cannot be one.
  [[nodiscard]] bool names_enough(const GenesisMap& map) const;

 private:
  struct Campaign {
    CoordNum coord;
    GenesisMap terms;
    bool proposes = false;           // Phase 2.
    AcceptorSet votes = 0;           // Of this phase.
    AcceptorSet refusals = 0;        // Of this phase.
    CoordNum bound_at;               // Where promises told of a map: the highest number of one.
    std::optional<GenesisMap> map;   // That one; in phase 2, what is proposed.
    std::uint64_t own_sequence = 0;  // What Written must reach for the own vote to count; 0: none.
    std::uint32_t attempts = 0;
    Timestamp ask_again_at;
    Timestamp give_up_at;
  };

  [[nodiscard]] AcceptorSet bit_of(NodeId id) const;
  [[nodiscard]] bool reasonable(const CoordNum& coord) const;
  void record();
  void propose(const GenesisMap& own);
  void ask(bool again);
  void lose();

  Shared& shared_;
  ElectoratePtr electorate_;  // Null where a quorum does not found, or the founders are refused.
  GenesisVoteRecord vote_;
  std::uint64_t counter_seen_ = 0;
  std::optional<Campaign> campaign_;
  Timestamp not_before_;
  std::uint32_t losses_ = 0;
};

// Equal but for addresses and incarnations.
[[nodiscard]] bool same_terms(const GenesisMap& a, const GenesisMap& b);

}  // namespace synod
