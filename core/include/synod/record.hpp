// File: record.hpp
//
// What a node remembers across a crash. Records are written in the order in which they are handed
// out, and read back in that order. docs/formats/journal.md shows them in bytes.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include <synod/cluster.hpp>
#include <synod/entry.hpp>
#include <synod/types.hpp>

namespace synod {

// The first record of an empty journal: which memory this is.
struct IdentityRecord {
  Incarnation incarnation;
  friend bool operator==(const IdentityRecord&, const IdentityRecord&) = default;
};

// The genesis map, once it is fixed, and again once it is complete.
struct GenesisRecord {
  GenesisMap map;
  bool complete = false;
  friend bool operator==(const GenesisRecord&, const GenesisRecord&) = default;
};

// Nothing below `coord` is promised or accepted from here on; also a node's own campaign.
struct PromiseRecord {
  CoordNum coord;
  friend bool operator==(const PromiseRecord&, const PromiseRecord&) = default;
};

// An acceptance; raises the promise to its number.
struct AcceptedRecord {
  PlacedEntry placed;
  friend bool operator==(const AcceptedRecord&, const AcceptedRecord&) = default;
};

// A committed entry that is not what the acceptance of its round holds (H18).
struct CommittedRecord {
  PlacedEntry placed;
  friend bool operator==(const CommittedRecord&, const CommittedRecord&) = default;
};

// Every round up to `round` is committed, with the entry of its CommittedRecord where there is one
// among the records before, else of its last AcceptedRecord among them.
struct CommitMarkRecord {
  RoundNum round;
  friend bool operator==(const CommitMarkRecord&, const CommitMarkRecord&) = default;
};

// The lowest round that this incarnation may vote in, where it was admitted after the genesis.
struct AdmissionRecord {
  RoundNum votes_from;
  friend bool operator==(const AdmissionRecord&, const AdmissionRecord&) = default;
};

// A vote about the genesis map, where a quorum founds: all that this node promised and accepted in
// round 0. The last one counts, until the map is complete.
struct GenesisVoteRecord {
  CoordNum promised;
  CoordNum accepted_at;                // Zero, where nothing was accepted.
  std::optional<GenesisMap> accepted;
  friend bool operator==(const GenesisVoteRecord&, const GenesisVoteRecord&) = default;
};

// Written with the identity of a memory that takes the place of a damaged one. Something that was
// acknowledged may be lost, so it founds no cluster: it learns of the one that there is (H21).
struct ReplacementRecord {
  friend bool operator==(const ReplacementRecord&, const ReplacementRecord&) = default;
};

using Record = std::variant<IdentityRecord, GenesisRecord, PromiseRecord, AcceptedRecord,
                            CommittedRecord, CommitMarkRecord, AdmissionRecord, GenesisVoteRecord,
                            ReplacementRecord>;

// About how many bytes the record takes in a journal.
[[nodiscard]] std::size_t size_of(const Record& record);

}  // namespace synod
