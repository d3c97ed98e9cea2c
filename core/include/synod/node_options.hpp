// File: node_options.hpp
//
// What a Node is made of: its options, where its messages travel and what remembers for it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include <synod/asio_runtime.hpp>
#include <synod/cluster.hpp>
#include <synod/communicator.hpp>
#include <synod/event.hpp>
#include <synod/journal.hpp>
#include <synod/limits.hpp>
#include <synod/runner.hpp>
#include <synod/storage.hpp>
#include <synod/types.hpp>
#include <synod/voter.hpp>

namespace synod {

struct NodeOptions {
  NodeId id = {};            // Not 0.
  std::string cluster = {};  // The cluster's name: not empty, the same on every node.
  // The founders with their addresses. They bootstrap and give addresses; from then on the cluster
  // is what the replicated state says. Empty for a node that joins.
  std::vector<Member> members = {};
  QuorumPolicy policy = {};
  // Must be set for a cluster of one to start: otherwise a typing error would found one.
  bool found_alone = false;
  // With kQuorum a majority founds the cluster and the others join when they come. Give all founders
  // the same, for good, and start a founder whose disk was lost without `members` (`peers` instead):
  // docs/protocol.md, "Founding by a quorum".
  FoundingRule founding = FoundingRule::kAll;
  // Nodes, with addresses, that a node that joins asks for what is known.
  std::vector<Member> peers = {};
  Limits limits = {};
  // Has a say in promises and acceptances; null: yes to everything that is safe.
  std::unique_ptr<Voter> voter = nullptr;
  // For jitter, ids and incarnations; 0: from the system.
  std::uint64_t seed = 0;

  // How long an append or a read without a time-out of its own may take.
  Duration append_timeout = std::chrono::seconds(10);
  // A snapshot is taken and saved once this many bytes were appended since the last; 0: never.
  std::uint64_t snapshot_every_bytes = 64u << 20;
  // How often a write that found no space is tried again.
  Duration storage_retry = std::chrono::milliseconds(500);

  // As in ReplicaOptions, which says what they mean.
  std::uint64_t remembered_rounds = 262'144;
  Duration retransmit_after = std::chrono::milliseconds(100);
  Duration campaign_timeout = std::chrono::milliseconds(600);
  Duration back_off = std::chrono::milliseconds(50);
  Duration commit_delay = std::chrono::milliseconds(1);
  Duration idle_interval = std::chrono::milliseconds(1000);
  Duration stickiness = Duration::zero();
  Duration quorum_timeout = std::chrono::milliseconds(1000);
  Duration lazy_after = std::chrono::milliseconds(100);
  bool acceptances_to_learners = false;
};

// A copy of what a node knows of itself at one moment.
struct NodeStatus {
  NodeId id;
  Incarnation incarnation;
  Standing standing = Standing::kDisoriented;
  Participation participation = Participation::kPassive;
  PassiveReason passive_reason = PassiveReason::kGenesis;
  std::string participation_detail;
  RoundNum applied;
  RoundNum durably_applied;
  RoundNum highest_seen;
  CoordNum promised;
  CoordNum mandate;  // Zero: none.
  std::uint64_t concurrency = 1;
  std::uint64_t queued_appends = 0;
  std::uint64_t rounds_in_flight = 0;
  std::shared_ptr<const Cluster> cluster;     // Of the next round; null before the genesis.
  std::uint64_t further_losses = 0;           // Memories that may still be lost.
  std::uint64_t log_digest = 0;               // Equal rounds, equal digests.
  std::optional<std::uint64_t> state_digest;  // Where the state has a digest() and is there.
  std::uint64_t storage_bytes = 0;
  RunnerStats stats;
  bool running = false;
  std::string stopped;  // Why, where the node stopped by itself.
};

// What a factory is given. References are good for as long as the node lives.
struct HostContext {
  Strand strand;  // All of the node's work runs on it.
  Runtime& runtime;
  NodeId id;
  ClusterId cluster;
  const Limits& limits;
};

// Called once, on the node's strand, when the node starts; an error fails the start.
using CommunicatorFactory =
    absl::AnyInvocable<absl::StatusOr<std::unique_ptr<Communicator>>(const HostContext&)>;
using StorageFactory =
    absl::AnyInvocable<absl::StatusOr<std::unique_ptr<Storage>>(const HostContext&)>;

// TCP, listening at "host:port"; more options in synod/tcp_communicator.hpp.
[[nodiscard]] CommunicatorFactory tcp(std::string address);
// A journal in `directory`, which is created where it is missing and held by one process at a time.
// A copy of one is taken for a memory that may be old, unless copies are trusted: docs/how-to/storage.md.
[[nodiscard]] StorageFactory journal(std::string directory, Copies copies = Copies::kMayBeOld);
// Forgets everything when the process ends.
[[nodiscard]] StorageFactory memory();

}  // namespace synod
