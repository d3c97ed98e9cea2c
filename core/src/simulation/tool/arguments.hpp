// The command line of synod-simulate.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <synod/simulation/cluster.hpp>

namespace synod::simulation::tool {

struct Arguments {
  SimulationOptions options;
  std::uint64_t seeds = 1;
  std::uint64_t processes = 1;  // At the same time.
  std::uint64_t limit = 0;      // Seconds that one run may take; 0: any.
  bool trace = false;
  bool quiet = false;
  bool stop = false;
  bool probes = false;
  bool totals = false;
  bool mutants = false;  // Lists them, and that is all.
  bool minimize = false;
  bool help = false;
  std::string html;                // The file to draw to; empty: nothing is drawn.
  Timestamp from;                  // Where the picture begins.
  std::uint64_t events = 200'000;  // At most so many in the picture.
};

extern const char* const kUsage;

// Sets what the words say; nullopt, or what is wrong with them.
[[nodiscard]] std::optional<std::string> parse(int count, const char* const* words,
                                               Arguments& arguments);

}  // namespace synod::simulation::tool
