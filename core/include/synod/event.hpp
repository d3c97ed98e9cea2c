// File: event.hpp
//
// What a node tells its decorations and its embedder, in the order in which it happens. Whatever an
// Applied, a Committed or a ReadReady says rests on a quorum of durable votes already.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <synod/append.hpp>
#include <synod/entry.hpp>
#include <synod/snapshot.hpp>
#include <synod/state_machine.hpp>
#include <synod/types.hpp>

namespace synod {

// The node's own state, as it sees itself.
enum class Standing : std::uint8_t {
  kDisoriented,  // No state: waits for a snapshot.
  kLagging,      // Knows of settled rounds that it has not applied, or of none yet.
  kFollowing,
  kLeading,      // Holds a mandate that nobody is known to have outranked.
};

// Whether the node votes.
enum class Participation : std::uint8_t {
  kPassive,          // It only learns: its memory is not the one that counts.
  kPartiallyActive,  // Admitted; votes from a later round on.
  kActive,
};
enum class PassiveReason : std::uint8_t {
  kNone,
  kGenesis,     // The initial members have not agreed on one map yet.
  kMemoryLost,  // Another incarnation of this id is in force.
  // The cluster exists, and this memory confirmed another map of the same founders, which nobody can
  // complete any more. It is of no use: stop the node, empty its directory, start it again.
  kOtherGenesis,
  kNotMember,   // The id was never admitted.
  kStorage,     // The disk is full or failing: steps aside until it is not.
};

struct Started {
  Standing standing;
  RoundNum applied;
};
struct StandingChanged {
  Standing before;
  Standing after;
};
// Passive nodes become partially active, then active; a node that lost its memory starts passive.
struct ParticipationChanged {
  Participation before;
  Participation after;
  PassiveReason reason = PassiveReason::kNone;
  RoundNum votes_from;  // From kPartiallyActive on.
  // For a person: whom a genesis waits for; after a founding by a quorum, also while the node votes,
  // which founders are not known to hold the genesis map yet.
  std::string detail;
};
struct Installed {
  RoundNum round;
};
struct Committed {
  PlacedEntry placed;
};
// A round was applied, or skipped: then `skipped` says why and the state did not see the entry.
struct Applied {
  PlacedEntry placed;
  std::optional<SkipReason> skipped;
  RoundNum repeat_of;           // For kRepeat: the round in which the id took effect.
  std::uint64_t concurrency;    // After it.
};
// Rounds first..last are missing below a committed one, since `since`.
struct GapRange {
  Timestamp since;
  RoundNum first;
  RoundNum last;
  friend bool operator==(const GapRange&, const GapRange&) = default;
};
// All current gaps, lowest first; empty once they are closed.
struct Gaps {
  std::vector<GapRange> gaps;
};
enum class DirectiveKind : std::uint8_t { kPrepare, kAccept, kCommit };
// This node obeyed a directive of `leader`, itself included; kCommit: it was told what `leader` settled,
// which may be below what this node promised.
struct Directive {
  DirectiveKind kind;
  NodeId leader;
  RoundNum round;  // The highest one that it names.
  CoordNum coord;
  Timestamp at;
  // How long before `at` a quorum last answered the leader, as it says itself; max(): unknown.
  Duration quorum_age = Duration::max();
};
// A promise or an acceptance came in, with what its voter attached. `asked_at` is a moment before
// the question left: what a lease is counted from.
struct VoteReceived {
  NodeId voter;
  bool acceptance;
  CoordNum coord;
  RoundNum round;
  VoteSections sections;
  Timestamp asked_at;
};
// A quorum of promises is in: this node leads from `round` on.
struct MandateWon {
  CoordNum coord;
  RoundNum round;
};
struct MandateLost {
  CoordNum coord;
  CoordNum to;  // Zero where nobody in particular took it. The own one: renewed, and MandateWon follows.
};
struct Ejected {
  RoundNum round;
  std::string reason;
};
// An attempt to append ended without its entry being applied here.
struct AppendFailed {
  EntryId id;
  AppendError error;
};
// A linearizable read may be served now, from the state as it stands.
struct ReadReady {
  std::uint64_t ticket;
};
struct ReadFailed {
  std::uint64_t ticket;
  AppendError error;
};
struct SnapshotTaken {
  SnapshotPtr snapshot;  // Null: the state cannot be saved, or there is none.
};
// Peer `node` is applied up to `settled_to`, of which it retains entries from `retained_from` on.
struct PeerProgress {
  NodeId node;
  RoundNum settled_to;
  RoundNum retained_from;
};
// This node left the cluster at `boundary`, and a quorum of the new one holds everything before it:
// it may be stopped for good (H20).
struct RemovalComplete {
  RoundNum boundary;
};
// Something that an operator should know; said once each time it starts or ends.
struct Warning {
  std::string text;
};
// The node found that an invariant of the protocol is broken and speaks no more.
struct Violation {
  std::string text;
};

using Event = std::variant<Started, StandingChanged, ParticipationChanged, Installed, Committed,
                           Applied, Gaps, Directive, VoteReceived, MandateWon, MandateLost, Ejected,
                           AppendFailed, ReadReady, ReadFailed, SnapshotTaken, PeerProgress,
                           RemovalComplete, Warning, Violation>;

[[nodiscard]] std::string_view to_string(Standing standing);
[[nodiscard]] std::string_view to_string(Participation participation);
[[nodiscard]] std::string_view to_string(PassiveReason reason);

}  // namespace synod
