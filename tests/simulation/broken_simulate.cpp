// synod-simulate over a state machine that is wrong: `broken-simulate
// after-restart|aborts|hangs|dies …`.
#include <cstdio>
#include <cstring>

#include "simulation/broken_state.hpp"
#include "simulation/tool/tool.hpp"

int main(int count, char** words) {
  using synod::simulation::Wrong;
  if (count < 2) return 2;
  const bool aborts = std::strcmp(words[1], "aborts") == 0;
  const bool hangs = std::strcmp(words[1], "hangs") == 0;
  const bool dies = std::strcmp(words[1], "dies") == 0;
  synod::simulation::SimulationOptions options;
  // A child is a copy of this process from before the first start, so that it counts from 0. Three:
  // the tests leave the size of the cluster alone, and a smaller one makes every state a sound one.
  options.state = synod::simulation::broken_state(aborts  ? Wrong::kAborts
                                                  : hangs ? Wrong::kHangs
                                                  : dies  ? Wrong::kDies
                                                          : Wrong::kAfterRestart,
                                                  3);
  return synod::simulation::tool::run(count - 1, words + 1, options);
}
