// Many seeds, some in a process of their own each, so that none can end the others.
#pragma once

#include "simulation/tool/arguments.hpp"
#include "simulation/tool/totals.hpp"

namespace synod::simulation::tool {

// Where --totals or --probes ask for them.
void print_sums(const Arguments& arguments, const Totals& totals);

// Plays them all, tells failures as they come, how far it got, and at the end what it was in sum.
// The exit status: 0, 1 where one failed, 130 where it was interrupted.
[[nodiscard]] int play_fleet(const Arguments& arguments);

}  // namespace synod::simulation::tool
