// File: state_ledger.hpp
//
// What the states of nodes were after each round: the first node to get there is compared with all
// that come later. Knows bytes alone.
//
// Costs are bounded. A state whose snapshot has at most kSmallBytes is looked at after every round;
// a larger one after every 2nd, 4th, … round, in proportion to its size. Of at most kKeptBytes
// snapshots the bytes are kept, of the rest only their fingerprint.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <synod/bytes.hpp>
#include <synod/types.hpp>

namespace synod::simulation {

class StateLedger {
 public:
  static constexpr std::uint64_t kSmallBytes = 4096;
  static constexpr std::uint64_t kKeptBytes = 8u << 20;

  struct Look {
    NodeId node;
    std::uint64_t print = 0;  // Of the snapshot's bytes.
    Bytes bytes;              // Empty: not kept any more.
  };

  // Whether a state of this node is to be looked at after `round`.
  [[nodiscard]] bool is_due(NodeId node, RoundNum round) const;
  // Keeps the first look at a round. Null: this is it, or it has the same bytes; else the first
  // one.
  [[nodiscard]] const Look* enter(NodeId node, RoundNum round, const Bytes& bytes);
  // Two looks were found to be of equal states although their bytes differ, or have the same bytes.
  void agree(NodeId node, RoundNum round) { agreed_[node] = round; }
  // The last round after which this node's state equalled another's; 0: none.
  [[nodiscard]] RoundNum agreed(NodeId node) const;
  // Looks that were compared with an earlier one.
  [[nodiscard]] std::uint64_t compared() const { return compared_; }

  // The first digest of a round; the node that had another one, if it was another.
  [[nodiscard]] std::optional<NodeId> enter_digest(NodeId node, RoundNum round,
                                                   std::uint64_t digest);

 private:
  struct Digest {
    NodeId node;
    std::uint64_t digest = 0;
  };

  std::map<RoundNum, Look> looks_;
  std::map<RoundNum, Digest> digests_;
  std::map<NodeId, RoundNum> agreed_;
  std::map<NodeId, std::uint64_t> stride_;  // A power of two.
  std::deque<RoundNum> kept_;               // Whose bytes are there, oldest first.
  std::uint64_t kept_bytes_ = 0;
  std::uint64_t compared_ = 0;
};

}  // namespace synod::simulation
