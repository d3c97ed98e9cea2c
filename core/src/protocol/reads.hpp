// Linearizable reads at any node, without a leader and without a clock.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <synod/append.hpp>
#include <synod/message.hpp>
#include <synod/replica.hpp>

#include "protocol/membership.hpp"
#include "protocol/shared.hpp"

namespace synod {

// A read asks the acceptors, after it began, from which round on they have neither accepted nor
// settled anything. The first round h for which a phase-1 quorum of cluster(h) says so bounds what
// could have been acknowledged before the read: it is served once h - 1 is applied (H23; the
// argument is in docs/protocol.md). Reads that begin while a question is under way share the next
// one.
class Reads {
 public:
  Reads(Shared& shared, const Membership& membership) : shared_(shared), membership_(membership) {}

  // False where too many wait.
  [[nodiscard]] bool begin(const Read& read);
  [[nodiscard]] bool empty() const { return waiting_.empty() && asking_.empty(); }
  void on(NodeId from, Incarnation incarnation, const ReadAnswer& answer);

  // Asks what is to be asked, serves what can be served. `own` is what this node would answer,
  // where it votes.
  void settle(RoundNum applied, std::optional<RoundNum> own);
  // What has to be settled for the oldest question, where it has waited long enough that no leader
  // seems to be at it.
  [[nodiscard]] std::optional<RoundNum> stuck_below() const;
  void tick(RoundNum applied);
  [[nodiscard]] Timestamp deadline() const;
  void fail_all(const AppendError& error);
  // Serves everything that waits, as no leader may do without asking (H9): for a mutant.
  void serve_all();

 private:
  struct Ticket {
    std::uint64_t number;
    Timestamp deadline;
  };
  struct Answer {
    NodeId id;
    Incarnation incarnation;
    RoundNum untouched_from;
  };
  void ask(RoundNum applied, bool again);
  [[nodiscard]] std::optional<RoundNum> bound(RoundNum applied);
  void expire(std::vector<Ticket>& tickets);

  Shared& shared_;
  const Membership& membership_;

  std::vector<Ticket> waiting_;  // For the next question.
  std::vector<Ticket> asking_;   // For the one under way.
  std::uint64_t nonce_ = 0;
  std::vector<Answer> answers_;
  std::optional<RoundNum> bound_;          // h of the question under way, once it is found.
  std::optional<RoundNum> blocked_below_;  // The electorate of this round is not known yet.
  Timestamp ask_again_at_;
  Timestamp stuck_at_;
  std::uint32_t attempts_ = 0;
};

}  // namespace synod
