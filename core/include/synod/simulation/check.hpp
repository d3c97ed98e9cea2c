// File: check.hpp
//
// Whether your state survives: simulated clusters of it, seed by seed, while nodes crash, messages
// are lost and disks stall. docs/how-to/simulate-your-state.md explains what it finds.
//
//   TEST(CounterTest, SurvivesFaults) {
//     const auto result = synod::simulation::check<Counter>({
//         .nodes = 5,
//         .seeds = 200,
//         .entries = [](synod::Prng& prng) { return Increment{{}, 1 + prng.below(9)}; },
//         .invariant = [](const Counter& counter) { return counter.value >= 0; },
//     });
//     EXPECT_TRUE(result) << result;
//   }
//
// Beside all that the simulator checks, it compares the states of all nodes after each round, and
// the outcomes, restores snapshots and lets the copies run along, and replays what clients saw.
#pragma once

#include <source_location>
#include <utility>

#include <synod/simulation/check_options.hpp>
#include <synod/simulation/check_result.hpp>
#include <synod/simulation/check_seeds.hpp>
#include <synod/simulation/rehearsal.hpp>

namespace synod::simulation {

// Stops at the first seed that fails.
template <class S>
[[nodiscard]] CheckResult check(CheckOptions<S> options,
                                std::source_location where = std::source_location::current()) {
  SimulationOptions each;
  each.seed = options.first_seed;
  each.nodes = options.nodes;
  each.entries = options.appends;
  each.faults = options.faults;
  each.exactly = options.exactly;
  each.policy = options.policy;
  each.replica = options.replica;
  each.decorations = options.decorations;
  each.voter = options.voter;
  each.trace = options.trace;
  return check_seeds(
      std::move(each), options.seeds,
      [&options](std::uint64_t seed) { return std::make_unique<Rehearsal<S>>(options, seed); },
      where);
}

}  // namespace synod::simulation
