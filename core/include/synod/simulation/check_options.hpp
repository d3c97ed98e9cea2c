// File: check_options.hpp
//
// What a check of a state is asked to do. For designated initialisers, in this order; all but
// `entries` may be left out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <synod/simulation/check_functions.hpp>
#include <synod/simulation/cluster.hpp>
#include <synod/state.hpp>

namespace synod::simulation {

[[nodiscard]] inline Faults everything() { return Faults::everything(); }

template <class S>
struct CheckOptions {
  static_assert(check_state<S>());

  std::uint64_t nodes = 3;
  std::uint64_t seeds = 100;     // first_seed, first_seed + 1, …
  std::uint64_t appends = 200;   // In each seed.
  Faults faults = everything();  // Each seed draws some of them …
  bool exactly = false;          // … or takes them all.
  std::uint64_t first_seed = 1;

  EntrySource<S> entries = {};       // Entry(Prng&): what clients append.
  StateRule<S> invariant = {};       // Of one state, after every round.
  ClusterRule<S> across_nodes = {};  // Of the states of all nodes.
  StateReading<S> read = {};         // What clients read, at every node.

  // For each start of each node. Null: a default state, no decoration, a voter that agrees. Voters
  // must not refuse for good what `entries` makes: once all is healed, appends must have an answer.
  std::function<std::unique_ptr<S>()> state = nullptr;
  std::function<std::vector<std::unique_ptr<Decoration>>(NodeId)> decorations = nullptr;
  std::function<std::unique_ptr<Voter>(NodeId)> voter = nullptr;

  QuorumPolicy policy = {};
  ReplicaOptions replica = {};  // As in SimulationOptions.
  // Gets the events of every seed, line by line.
  std::function<void(std::string_view)> trace = nullptr;
};

}  // namespace synod::simulation
