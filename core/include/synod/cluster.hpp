// File: cluster.hpp
//
// Who takes part in a round, and what a quorum of them is. All of it comes from the replicated state,
// never from local configuration (H22).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <synod/bytes.hpp>
#include <synod/types.hpp>

namespace synod {

// A node may do any of these. Only acceptors count in quorums; every member learns the log.
struct Roles {
  bool propose = true;
  bool accept = true;
  bool learn = true;

  friend bool operator==(const Roles&, const Roles&) = default;
};

struct Member {
  NodeId id;
  Roles roles = {};
  std::uint32_t weight = 1;    // Counts under every policy; 0 is refused for an acceptor.
  std::string address = {};    // For the communicator; the protocol never reads it.

  friend bool operator==(const Member&, const Member&) = default;
};

// How much weight of a round's acceptors a phase needs. Majority (the default) is more than half of
// all the weight in both phases. Flexible quorums (Howard, Malkhi and Spiegelman 2016) name the two;
// they are refused unless together they exceed the whole weight, so that the two phases of one round
// always share an acceptor.
struct QuorumPolicy {
  std::uint64_t phase1 = 0;  // 0: a majority.
  std::uint64_t phase2 = 0;  // 0: a majority.

  friend bool operator==(const QuorumPolicy&, const QuorumPolicy&) = default;
};

struct Cluster {
  std::vector<Member> members;  // Each id once; any order.
  QuorumPolicy policy;

  [[nodiscard]] const Member* find(NodeId id) const;
  friend bool operator==(const Cluster&, const Cluster&) = default;
};

// Why `cluster` cannot be one, as a sentence; empty where it can.
[[nodiscard]] std::string refusal(const Cluster& cluster, std::size_t members_max);

// Whose agreement makes the initial members a cluster. All of them must be given the same.
enum class FoundingRule : std::uint8_t {
  kAll,     // All of them confirm one map.
  kQuorum,  // A quorum of them decides it. Sound only as long as no founder loses its memory before
            // every founder holds the map: docs/protocol.md, "Founding by a quorum".
};

// What is settled durably before anybody votes on entries: decision 7 of the protocol.
struct GenesisMember {
  Member member;
  Incarnation incarnation;  // 0: took no part in a founding by a quorum, and is admitted later.

  friend bool operator==(const GenesisMember&, const GenesisMember&) = default;
};
struct GenesisMap {
  std::vector<GenesisMember> members;  // By ascending id.
  QuorumPolicy policy;
  // Rounds for which the id of a settled entry is remembered, on every node alike (H13).
  std::uint64_t remembered_rounds = 262'144;
  FoundingRule founding = FoundingRule::kAll;

  [[nodiscard]] Cluster cluster() const;
  [[nodiscard]] Incarnation incarnation_of(NodeId id) const;  // 0 where it is no member.
  friend bool operator==(const GenesisMap&, const GenesisMap&) = default;
};

void encode(const Cluster& cluster, ByteWriter& out);
void decode(ByteReader& in, Cluster& cluster);
void encode(const GenesisMap& map, ByteWriter& out);
void decode(ByteReader& in, GenesisMap& map);

}  // namespace synod
