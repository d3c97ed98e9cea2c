// synod-simulate as a function, for programs that bring their own state machine or voter.
#pragma once

#include <synod/simulation/cluster.hpp>

namespace synod::simulation::tool {

// Does what the words say, over `defaults`; the exit status.
[[nodiscard]] int run(int count, const char* const* words, const SimulationOptions& defaults = {});

}  // namespace synod::simulation::tool
