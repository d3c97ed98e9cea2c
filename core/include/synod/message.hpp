// File: message.hpp
//
// What nodes say to each other: one struct per message, no field without a meaning. The envelope
// (cluster id, sender, the sender's incarnation, format version) is the communicator's.
// docs/protocol.md tells who sends which and when; docs/formats/wire.md how each looks in bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <synod/cluster.hpp>
#include <synod/entry.hpp>
#include <synod/types.hpp>
#include <synod/voter.hpp>

namespace synod {

// --- Phase 1 -------------------------------------------------------------------------------------

// Asks for a promise for `round` and every later one.
struct Prepare {
  RoundNum round;
  CoordNum coord;
  friend bool operator==(const Prepare&, const Prepare&) = default;
};

// One page of a promise at `coord`. It counts only once all pages have come, and only for rounds
// from `speaks_from` on: what lies below is settled, and to be fetched (H17).
struct Promise {
  CoordNum coord;
  RoundNum round;  // As in the Prepare.
  RoundNum speaks_from;
  std::uint32_t page = 0;
  std::uint32_t pages = 1;
  std::vector<PlacedEntry> accepted;  // By ascending round, from max(round, speaks_from) on.
  VoteSections vote;
  // The same on all pages of one answer; pages of two answers, cut at other places, make up none
  // (H17).
  std::uint32_t telling = 0;
  friend bool operator==(const Promise&, const Promise&) = default;
};

// "No" to a Prepare or a Propose at `coord`: this node promised `promised`, or the round is
// settled.
struct Conflict {
  CoordNum coord;       // What was asked for.
  RoundNum round;       // The round that was asked for.
  CoordNum promised;    // The greatest number seen here; above `coord`, or the round is settled.
  RoundNum settled_to;  // Every round up to this one is settled here.
  std::optional<PlacedEntry> settled;  // The entry of `round`, where it is settled and retained.
  friend bool operator==(const Conflict&, const Conflict&) = default;
};

// "No" to a Prepare by the voter, or because a leader that works is known (`sticky`).
struct Abstention {
  CoordNum coord;
  RoundNum round;
  bool sticky = false;
  VoteSections vote;
  friend bool operator==(const Abstention&, const Abstention&) = default;
};

// --- Phase 2 -------------------------------------------------------------------------------------

// A run of rounds that are committed with the entries of these ids, all accepted at `coord`.
struct CommitRun {
  RoundNum first;
  CoordNum coord;
  std::vector<EntryId> ids;
  friend bool operator==(const CommitRun&, const CommitRun&) = default;
};

// Asks to accept entries in consecutive rounds, from `first` on. Commits by id ride along.
struct Propose {
  CoordNum coord;
  RoundNum first;
  std::vector<Entry> entries;
  std::vector<CommitRun> commits;
  // How long ago a quorum last answered this leader; max() never (H15).
  Duration quorum_age = Duration::max();
  friend bool operator==(const Propose&, const Propose&) = default;
};

// Accepts a run of a Propose.
struct Acceptance {
  CoordNum coord;
  RoundNum first;
  std::uint32_t count = 1;
  VoteSections vote;
  friend bool operator==(const Acceptance&, const Acceptance&) = default;
};

// The voter refused one round of a Propose.
struct Rejection {
  CoordNum coord;
  RoundNum round;
  VoteSections vote;
  friend bool operator==(const Rejection&, const Rejection&) = default;
};

// Tells what is committed: whole entries to those that may not hold them, ids to the others.
struct Commit {
  std::vector<PlacedEntry> entries;
  std::vector<CommitRun> by_id;
  // As in Propose; from a node that does not lead: max().
  Duration quorum_age = Duration::max();
  friend bool operator==(const Commit&, const Commit&) = default;
};

// --- Learning ------------------------------------------------------------------------------------

// Asks for the committed entries of `first..last`. Anybody may ask anybody; promises are not
// touched.
struct Fetch {
  std::uint64_t nonce = 0;
  RoundNum first;
  RoundNum last;
  friend bool operator==(const Fetch&, const Fetch&) = default;
};

// The answer: as many of them, without a hole, as fit; none where `first` is not settled here.
struct Entries {
  std::uint64_t nonce = 0;
  RoundNum first;
  std::vector<PlacedEntry> entries;
  RoundNum settled_to;     // Applied here.
  RoundNum retained_from;  // Below it there is only a snapshot.
  RoundNum durable_to;     // Applied here, and durably so (H20).
  friend bool operator==(const Entries&, const Entries&) = default;
};

// Asks for a part of a snapshot: of the newest for round 0, else of the one taken at `round`.
struct SnapshotRequest {
  RoundNum round;
  std::uint64_t offset = 0;
  friend bool operator==(const SnapshotRequest&, const SnapshotRequest&) = default;
};

// Offers (no bytes, offset 0, size 0: there is none) or carries a part of a snapshot.
struct SnapshotChunk {
  RoundNum round;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;      // Of the whole snapshot.
  std::uint64_t checksum = 0;  // Of the whole snapshot: `fingerprint` of synod/hash.hpp.
  Payload bytes;
  friend bool operator==(const SnapshotChunk&, const SnapshotChunk&) = default;
};

// --- Reading -------------------------------------------------------------------------------------

// Asks for the first round that the acceptor has neither accepted nor settled anything in or above.
struct ReadQuery {
  std::uint64_t nonce = 0;
  friend bool operator==(const ReadQuery&, const ReadQuery&) = default;
};
struct ReadAnswer {
  std::uint64_t nonce = 0;
  RoundNum untouched_from;
  RoundNum settled_to;
  friend bool operator==(const ReadAnswer&, const ReadAnswer&) = default;
};

// Asks a voting member to lead for a while: entries are open up to `round` and nobody settles them.
struct LeadershipRequest {
  RoundNum round;
  friend bool operator==(const LeadershipRequest&, const LeadershipRequest&) = default;
};

// --- Identity ------------------------------------------------------------------------------------

enum class GenesisStage : std::uint8_t {
  kGathering,  // Collecting the initial members' incarnations.
  kFixed,      // One map is durable here; not all are known to have it.
  kComplete,   // All initial members confirmed this map, or a quorum of them decided it.
};

// Said by a node that is not complete, to all initial members; answered by whoever is further.
struct GenesisNote {
  GenesisStage stage = GenesisStage::kGathering;
  bool answer_wanted = true;
  // From kFixed on: the map. While gathering: nobody's incarnation but the sender's is told, in the
  // envelope; where a quorum founds, the map without any incarnation says on which terms.
  std::optional<GenesisMap> map;
  friend bool operator==(const GenesisNote&, const GenesisNote&) = default;
};

// A node whose incarnation does not count asks to be let in; the answer is a challenge, which the
// node sends back, so that an announcement from an earlier life is not taken for a new one (H16).
struct Announcement {
  Incarnation expected;         // The incarnation that the node found in force for its id.
  std::uint64_t challenge = 0;  // 0: none yet.
  friend bool operator==(const Announcement&, const Announcement&) = default;
};
struct Challenge {
  std::uint64_t challenge = 0;
  friend bool operator==(const Challenge&, const Challenge&) = default;
};

// From a voting member to the leader that it follows, where a memory that answered its challenge was
// not let in for some time: the leader alone may not hear it.
struct Vouch {
  Readmit memory;
  friend bool operator==(const Vouch&, const Vouch&) = default;
};

// --- Founding by a quorum ------------------------------------------------------------------------
// Round 0, whose entry is the genesis map, as Paxos for a single decree among the founders. Votes
// count by id: no incarnation is in force yet. Whoever knows the map answers with it instead.

// Asks for a promise; `terms` is the map without any incarnation, which must be the receiver's own.
struct GenesisPrepare {
  CoordNum coord;
  GenesisMap terms;
  friend bool operator==(const GenesisPrepare&, const GenesisPrepare&) = default;
};
struct GenesisPromise {
  CoordNum coord;
  CoordNum accepted_at;                // Zero, where nothing was accepted.
  std::optional<GenesisMap> accepted;  // The map that was accepted last, at `accepted_at`.
  friend bool operator==(const GenesisPromise&, const GenesisPromise&) = default;
};
struct GenesisPropose {
  CoordNum coord;
  GenesisMap map;
  friend bool operator==(const GenesisPropose&, const GenesisPropose&) = default;
};
struct GenesisAcceptance {
  CoordNum coord;
  friend bool operator==(const GenesisAcceptance&, const GenesisAcceptance&) = default;
};
// "No" to a GenesisPrepare or a GenesisPropose at `coord`: `promised`, which is higher, was promised.
struct GenesisConflict {
  CoordNum coord;
  CoordNum promised;
  friend bool operator==(const GenesisConflict&, const GenesisConflict&) = default;
};

// --- Decorations ---------------------------------------------------------------------------------

// A decoration's own datagram; `name` is the decoration's.
struct Note {
  std::string name;
  Payload bytes;
  friend bool operator==(const Note&, const Note&) = default;
};

// New kinds go at the end: the place in this list is the kind's number on the wire.
using Message =
    std::variant<Prepare, Promise, Conflict, Abstention, Propose, Acceptance, Rejection, Commit,
                 Fetch, Entries, SnapshotRequest, SnapshotChunk, ReadQuery, ReadAnswer,
                 LeadershipRequest, GenesisNote, Announcement, Challenge, Note, GenesisPrepare,
                 GenesisPromise, GenesisPropose, GenesisAcceptance, GenesisConflict, Vouch>;

// A message and the nodes that it goes to; never the sender itself.
struct Outgoing {
  std::vector<NodeId> to;
  Message message;
};

// The kind of a message as one word, as in traces: "prepare", "promise", …
[[nodiscard]] std::string_view kind_of(const Message& message);

}  // namespace synod
