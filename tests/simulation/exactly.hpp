// Runs in which certain faults are on, all of them.
#pragma once

#include <string_view>

#include <gtest/gtest.h>

#include <synod/simulation/cluster.hpp>

namespace synod::simulation {

inline SimulationOptions exactly(std::string_view faults, std::uint64_t seed,
                                 std::uint64_t entries) {
  SimulationOptions options;
  options.seed = seed;
  options.entries = entries;
  options.exactly = true;
  EXPECT_TRUE(options.faults.parse(faults)) << faults;
  return options;
}

}  // namespace synod::simulation
