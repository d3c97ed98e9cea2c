// File: minimize.hpp
//
// Makes a failing run smaller: takes away fault classes, then single strikes, entries, nodes and
// time, and keeps what still breaks the same invariant.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <synod/simulation/cluster.hpp>

namespace synod::simulation {

// Plays a run, best in a process of its own, since it may abort; nullopt: it did not end in time.
using Player = std::function<std::optional<Report>(const SimulationOptions&)>;

struct Minimized {
  SimulationOptions options_before;
  SimulationOptions options;  // The smallest that was found.
  Report before;
  Report after;
  std::uint64_t runs = 0;

  // How much it shrank, on one line.
  [[nodiscard]] std::string text() const;
};

// The number of what a failing run broke first: "I3" of "I3: r7 is chosen twice"; "" where it is
// ok.
[[nodiscard]] std::string broken_invariant(const Report& report);

// nullopt where the run does not fail, or does not end. `say` gets a line for each step that made
// it smaller; null: nobody listens.
[[nodiscard]] std::optional<Minimized> minimize(
    const SimulationOptions& options, const Player& play,
    const std::function<void(std::string_view)>& say = nullptr);

}  // namespace synod::simulation
