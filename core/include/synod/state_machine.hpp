// File: state_machine.hpp
//
// The state machine as the core sees it: bytes in, ok or eject out. Applications do not implement
// this; they model synod::State (synod/state.hpp), and its adapter implements this interface.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <synod/bytes.hpp>
#include <synod/cluster.hpp>
#include <synod/entry.hpp>
#include <synod/types.hpp>

namespace synod {

struct ApplyResult {
  bool ejected = false;  // The state could not apply the entry and is of no use any more.
  std::string reason;    // Why, where ejected.
};

enum class SkipReason : std::uint8_t {
  kNoop,     // A built-in entry.
  kRepeat,   // The id took effect in an earlier round.
  kExpired,  // The round lies past the entry's last one.
};

// Called on the node's thread. apply and skip are called once per round, in order, without a hole;
// both are told the round (H24). Everything must be deterministic: the same on every node.
class StateMachine {
 public:
  virtual ~StateMachine() = default;

  virtual ApplyResult apply(RoundNum round, const Entry& entry) = 0;
  virtual void skip(RoundNum round, const Entry& entry, SkipReason reason) = 0;

  // The cluster of a round in (applied, applied + concurrency]; null: the genesis map's. Must give
  // the same answer for a round for as long as it lies in the window, on every node.
  [[nodiscard]] virtual std::shared_ptr<const Cluster> cluster_at(RoundNum round) const = 0;
  // How many rounds may be settled at once after what was applied so far; at least 1. applied +
  // concurrency never falls.
  [[nodiscard]] virtual std::uint64_t concurrency() const = 0;

  // Appends the whole state to `out`. False: the state cannot be saved.
  virtual bool save(Bytes& out) const = 0;
  // Replaces the state by what save() wrote on some node. False, and no state: it does not decode.
  virtual bool load(std::span<const std::byte> bytes) = 0;
  // Drops the state, after an ejection.
  virtual void drop() = 0;
};

}  // namespace synod
