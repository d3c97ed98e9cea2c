// File: check_seeds.hpp
//
// The part of a check that is the same for every state: seed by seed until one fails, and what is
// said about that one. Users include synod/simulation/check.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>

#include <synod/simulation/check_result.hpp>
#include <synod/simulation/cluster.hpp>
#include <synod/simulation/observer.hpp>

namespace synod::simulation {

// Observes the states of one seed.
class StateObserver : public Observer {
 public:
  [[nodiscard]] virtual StateCounts compared() const = 0;
  // Runs the log of this seed once more on a state of its own, whenever that is: what is other than
  // it was. Only where the seed went well.
  [[nodiscard]] virtual std::optional<std::string> replay_log() = 0;
  // Something was found. Only while the seed runs.
  [[nodiscard]] bool is_broken() const { return !checker().ok(); }
};
using MakeStateObserver = std::function<std::unique_ptr<StateObserver>(std::uint64_t seed)>;

// Plays `seeds` seeds from options.seed on. The environment has the last word: SYNOD_SEED=17 plays
// that seed alone and writes its trace to the standard error, SYNOD_SEEDS=10000 plays so many.
[[nodiscard]] CheckResult check_seeds(SimulationOptions options, std::uint64_t seeds,
                                      const MakeStateObserver& make_observer,
                                      const std::source_location& where);

// "Suite.Name" where `function` is the body of a GoogleTest case, else empty.
[[nodiscard]] std::string test_name_of(std::string_view function);

}  // namespace synod::simulation
