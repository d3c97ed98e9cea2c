// How a memory comes to count: an announcement, a challenge, and an entry of the log (decision 7).
#pragma once

#include <optional>
#include <vector>

#include <synod/message.hpp>

#include "protocol/membership.hpp"
#include "protocol/shared.hpp"

namespace synod {

// A passive node announces the memory that it has. A voting member answers with a fresh challenge,
// and, once that came back, proposes the entry Readmit(id, expected, new). From the round in which
// the entry binds, promises that the old memory gave count for nothing: what a node forgot cannot be
// held against anybody (H1 becomes H2). Nothing but the log decides.
class Readmission {
 public:
  Readmission(Shared& shared, const Membership& membership)
      : shared_(shared), membership_(membership) {}

  // --- The passive node's side: tells `members` of it, now and then.
  void announce(const std::vector<NodeId>& members);
  void on(NodeId from, const Challenge& challenge);
  [[nodiscard]] Timestamp announce_at() const { return announce_at_; }

  // --- A voting member's side.
  void on(NodeId from, Incarnation incarnation, const Announcement& announcement);
  // What is to be proposed: at once by a leader, by others only after their turn, if nobody leads.
  [[nodiscard]] std::optional<Readmit> due(bool leads, bool leader_seems_alive);
  // Tells the leader that this node follows of memories that it should have let in by now.
  void vouch(NodeId leader);
  // At the leader: a member vouches for a memory that this node may not hear. What it vouches for
  // was alive after the expected one was gone, so it matters neither when it said so nor how often.
  void on(const Vouch& vouch);
  [[nodiscard]] Timestamp deadline() const;

 private:
  struct Candidate {
    NodeId node;
    Incarnation incarnation;
    Incarnation expected;  // Counted when it announced itself; once another does, it is too late.
    std::uint64_t challenge = 0;
    bool answered = false;    // The challenge came back: this memory is alive.
    Timestamp turn = {};      // When this node proposes it although it does not lead.
    Timestamp vouch_at = {};  // When it tells the leader.
  };
  [[nodiscard]] Candidate& candidate_of(NodeId node);
  // Within which every member has its turn.
  [[nodiscard]] Duration turns() const;
  [[nodiscard]] bool is_due(const Candidate& candidate, bool leads, bool leader_seems_alive) const;

  Shared& shared_;
  const Membership& membership_;
  Timestamp announce_at_;
  std::vector<Candidate> candidates_;  // At most one a node, and Limits::members_max in all.
};

}  // namespace synod
