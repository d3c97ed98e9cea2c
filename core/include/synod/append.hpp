// File: append.hpp
//
// How an append is asked for, and what can become of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <synod/types.hpp>
#include <synod/voter.hpp>

namespace synod {

// What the node may do to place an entry.
enum class Importance : std::uint8_t {
  kGainLeadership,       // Campaigns where nobody leads.
  kMaintainLeadership,   // Proposes only while this node leads; otherwise fails with kLost at once.
  kMaintainPeery,        // The same, but asks the others what they know of the round first.
};

// Rounds first..last, both included.
struct RoundRange {
  RoundNum first = RoundNum(1);
  RoundNum last = RoundNum::max();

  [[nodiscard]] bool contains(RoundNum round) const { return first <= round && round <= last; }
  friend bool operator==(const RoundRange&, const RoundRange&) = default;
};

enum class AppendErrorKind : std::uint8_t {
  kConverged,      // Every round of the range is settled.
  kDeadline,       // The deadline passed.
  kDecoration,     // A decoration refused.
  kDisoriented,    // The node has no state.
  kExiled,         // The node is no member of the round's cluster, or does not propose.
  kExpired,        // Past the entry's last round.
  kLost,           // No mandate: somebody else leads, or the campaign failed.
  kNoQuorum,       // Too few members answered, or too many abstained or rejected.
  kOverloaded,     // A queue is full: Limits::queue_entries_max or queue_bytes_max.
  kPassive,        // The node has lost its memory and only learns.
  kRailroaded,     // The round settled with another entry.
  kShutDown,       // The node stopped.
  kSkipped,        // A snapshot passed over the round: it may have happened, unseen.
  kStorage,        // The node's storage failed or is full.
  kTooLarge,       // Larger than Limits::entry_bytes_max.
  kUnacceptable,   // The node's own voter refused.
  kAlreadyApplied, // The id took effect before, and the state cannot repeat its outcome.
};

// What is known about the entry's effect when an append fails.
enum class Fate : std::uint8_t {
  kDidNotHappen,  // No effect so far, and none will come of this append.
  kUnknown,       // It may have happened, or may still happen.
  kHappened,      // It took effect; only the outcome is not known here.
  kNever,         // The node refused it for good: no use in trying here again.
};

struct Refusal {
  NodeId node;
  VoteSections sections;
};

struct AppendError {
  AppendErrorKind kind = AppendErrorKind::kLost;
  Fate fate = Fate::kUnknown;
  std::vector<Refusal> abstentions;
  std::vector<Refusal> rejections;
  std::string detail;  // A sentence for a person; may be empty.

  // True where trying again here may succeed without anybody stepping in.
  [[nodiscard]] bool curable() const;
};

[[nodiscard]] std::string_view to_string(AppendErrorKind kind);
[[nodiscard]] std::string_view to_string(Fate fate);

}  // namespace synod
