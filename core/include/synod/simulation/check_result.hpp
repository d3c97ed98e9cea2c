// File: check_result.hpp
//
// What became of a check: true, or the first seed that failed with all that is known of it.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <synod/simulation/cluster.hpp>

namespace synod::simulation {

// What was looked at in the states of one seed, or of all.
struct StateCounts {
  std::uint64_t states = 0;     // Compared with another node's after the same round.
  std::uint64_t outcomes = 0;   // The same.
  std::uint64_t snapshots = 0;  // Loaded by nodes.
  std::uint64_t copies = 0;     // Restored beside a node and run along with it.
};

struct CheckResult {
  std::vector<std::string> violations;  // Of the seed that failed; empty: all is well.
  std::uint64_t failed_seed = 0;
  std::string replay;              // The command that plays it again, with its trace.
  bool fails_again = true;         // The failed seed's second run failed in the same way.
  std::vector<std::string> trace;  // The last events before the first violation.

  // Totals.
  std::uint64_t seeds = 0;  // Played, the failed one included.
  std::uint64_t rounds = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t reads = 0;
  std::uint64_t messages = 0;
  Duration simulated = Duration::zero();
  FaultCounts struck{};
  HistoryCounts checked = {};
  StateCounts compared = {};

  [[nodiscard]] bool ok() const { return violations.empty(); }
  explicit operator bool() const { return ok(); }
  // The totals in a line; of a failure, what happened and how to see it again.
  [[nodiscard]] std::string text() const;
  friend std::ostream& operator<<(std::ostream& out, const CheckResult& result) {
    return out << result.text();
  }
};

}  // namespace synod::simulation
