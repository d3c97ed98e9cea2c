// File: replica.hpp
//
// The whole protocol as one deterministic object: same inputs, same outputs. It does no I/O, knows no
// clock and starts no thread. Whoever drives it (synod/runner.hpp) obeys one rule:
//
//   A vote is durable before anyone counts it, the node that cast it included.
//
// Usage: step() every waiting input, then one take_output(); write its records, send its messages,
// and answer with Written once the records are durable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <synod/append.hpp>
#include <synod/cluster.hpp>
#include <synod/entry.hpp>
#include <synod/event.hpp>
#include <synod/limits.hpp>
#include <synod/message.hpp>
#include <synod/record.hpp>
#include <synod/snapshot.hpp>
#include <synod/state_machine.hpp>
#include <synod/types.hpp>
#include <synod/voter.hpp>

namespace synod {

// --- What goes in --------------------------------------------------------------------------------

struct Deliver {
  NodeId from;
  Incarnation incarnation;  // The sender's.
  Message message;
};
struct Append {
  Entry entry;  // A nil id of a kNoop is given one.
  Importance importance = Importance::kGainLeadership;
  RoundRange rounds;
  Timestamp deadline = Timestamp::max();
  // Whom the commit is told at once, because the entry came from there; 0: nobody.
  NodeId on_behalf_of;
};
// Answered by ReadReady or ReadFailed with the same ticket.
struct Read {
  std::uint64_t ticket = 0;
  Timestamp deadline = Timestamp::max();
};
// Fetches committed entries from `peer`; what comes is learned. No answer comes of it but PeerProgress.
struct FetchRange {
  NodeId peer;
  RoundNum first;
  RoundNum last;
};
// Every record handed out up to `sequence` (Output::sequence) is durable.
struct Written {
  std::uint64_t sequence = 0;
};
// The storage cannot take records at the moment, or can again. While it cannot, the node does not vote.
struct StorageTrouble {
  bool trouble = false;
  std::string why;
};
// Answered by SnapshotTaken.
struct TakeSnapshot {};
struct InstallSnapshot {
  SnapshotPtr snapshot;
};
// The storage holds this node's own snapshot of `round` durably: what lies below may go.
struct SnapshotSaved {
  RoundNum round;
};
// Drops the state, as a failing apply does.
struct Eject {
  std::string reason;
};
// Gives the mandate up and fails everything that waits; nothing new is taken after it.
struct ShutDown {};
struct Tick {};

using Input = std::variant<Deliver, Append, Read, FetchRange, Written, StorageTrouble, TakeSnapshot,
                           InstallSnapshot, SnapshotSaved, Eject, ShutDown, Tick>;

// --- What comes out ------------------------------------------------------------------------------

struct Output {
  // May leave at once.
  std::vector<Outgoing> messages;
  // To be written and synced, in order, with one sync. They must survive before anything counts on
  // them. `sequence` numbers the last of them (or the last ever, where there are none).
  std::vector<Record> records;
  std::uint64_t sequence = 0;
  // Leave when these records and every earlier one are durable, also where there are none here.
  std::vector<Outgoing> after_records;
  // Ride with the next write, before `records`. Nobody waits for them; Limits::lazy_bytes_max, or
  // `write_lazy_by`, causes a write of their own. Numbered together with `records`.
  std::vector<Record> lazy_records;
  Timestamp write_lazy_by = Timestamp::max();
  // With `checkpoint`, `records` are all that the node needs beyond its saved snapshot of round
  // `checkpoint_round`: older records may go once these are durable (H19).
  bool checkpoint = false;
  RoundNum checkpoint_round;
  std::vector<Event> events;

  void clear();
};

// --- The replica ---------------------------------------------------------------------------------

struct ReplicaOptions {
  NodeId id;
  Incarnation incarnation;
  // The initial members and their policy: used for a genesis only, and to find peers before any is
  // known. Empty for a node that joins.
  Cluster founders;
  // Nodes to ask for what is known, beside the members: for a node that joins.
  std::vector<NodeId> peers;
  // Must be set for a cluster of one to start: otherwise a typing error would found one.
  bool found_alone = false;
  // Whose agreement founds the cluster; the same for all founders, and for good.
  FoundingRule founding = FoundingRule::kAll;
  std::uint64_t remembered_rounds = 262'144;  // For the genesis map.
  std::uint64_t seed = 1;                     // For jitter and ids.
  Limits limits = {};

  // A question that is not answered is asked again after this, doubling up to eight times, with jitter.
  Duration retransmit_after = std::chrono::milliseconds(100);
  // A campaign that got no quorum in this time has failed. This, the next and `quorum_timeout` are
  // for disks that sync fast: where a quorum's answer takes longer, as measured, so do they, up to
  // ten times.
  Duration campaign_timeout = std::chrono::milliseconds(600);
  // After a lost campaign the next one waits a random time up to this, doubling up to eight times.
  Duration back_off = std::chrono::milliseconds(50);
  // Commits with nothing to ride on leave after this.
  Duration commit_delay = std::chrono::milliseconds(1);
  // A leader that says nothing else repeats its last commits this often; a node that hears nothing
  // asks a peer this often (with jitter) whether it missed something.
  Duration idle_interval = std::chrono::milliseconds(1000);
  // How long an acceptor abstains from challengers after a leader showed that a quorum follows it.
  // 0: never (decision 12).
  Duration stickiness = Duration::zero();
  // A leader whom no quorum answers for this long is not taken for alive, by itself either.
  Duration quorum_timeout = std::chrono::milliseconds(1000);
  // How long lazy records may wait.
  Duration lazy_after = std::chrono::milliseconds(100);
  // Acceptances go to members that learn but do not accept, as well as to the proposer.
  bool acceptances_to_learners = false;
};

// What a storage gave back; empty for a node without memory.
struct Recovered {
  std::vector<Record> records;  // In the order in which they were written.
  SnapshotPtr snapshot;         // This node's own; null where there is none.
};

// A read-only look inside, for status lines, tests and decorations. Valid until the next step().
struct ReplicaView {
  NodeId id;
  Incarnation incarnation;
  Standing standing = Standing::kDisoriented;
  Participation participation = Participation::kPassive;
  PassiveReason passive_reason = PassiveReason::kGenesis;
  std::string participation_detail;
  RoundNum applied;
  RoundNum durably_applied;
  RoundNum highest_seen;        // The highest round that this node heard of.
  RoundNum retained_from;
  CoordNum promised;
  CoordNum mandate;             // Zero: none.
  RoundNum mandate_from;
  std::uint64_t concurrency = 1;
  std::uint64_t queued_appends = 0;
  std::uint64_t rounds_in_flight = 0;
  const GenesisMap* genesis = nullptr;           // Null before it is fixed.
  std::shared_ptr<const Cluster> cluster;        // Of the next round; null before the genesis.
  std::uint64_t further_losses = 0;  // Memories that the cluster can lose more and still form quorums.
  std::uint64_t log_digest = 0;      // Chained over what was applied; equal rounds, equal digests.
};

class Replica {
 public:
  // `state` and `voter` must outlive the replica. The state must be in its initial condition; a
  // snapshot among `recovered` is loaded into it, and what is committed above is applied.
  Replica(const ReplicaOptions& options, StateMachine& state, Voter& voter, Recovered recovered,
          Timestamp now);
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // Requires: `now` never falls.
  void step(Timestamp now, Input input);
  // Moves everything since the last call into `output`, whose buffers are reused.
  void take_output(Output& output);
  // When it next wants a Tick, at the latest.
  [[nodiscard]] Timestamp deadline() const;
  [[nodiscard]] ReplicaView view() const;
  // One or more lines for a person: the whole state in short.
  [[nodiscard]] std::string describe() const;
  // Aborts where an invariant of docs/protocol.md does not hold. For tests; costs time.
  void check_invariants() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// One line of text for a trace.
[[nodiscard]] std::string describe(const Message& message);
[[nodiscard]] std::string describe(const Record& record);
[[nodiscard]] std::string describe(const Event& event);
[[nodiscard]] std::string describe(const Entry& entry);

}  // namespace synod
