// What many seeds came to.
#pragma once

#include <cstdint>

#include <synod/simulation/cluster.hpp>

namespace synod::simulation::tool {

struct Totals {
  std::uint64_t seeds = 0;
  std::uint64_t failed = 0;
  std::uint64_t unrecoverable = 0;
  std::uint64_t seconds = 0;  // Simulated.
  std::uint64_t messages = 0;
  std::uint64_t histories = 0;
  std::uint64_t operations = 0;
  DamageCounts damage;
  FaultCounts struck{};
  ProbeCounts reached;

  void add(const Report& report);
  // Sums, and how often each class of faults struck, one to a line. Zeros are what none did.
  void print() const;
};

}  // namespace synod::simulation::tool
