#include "simulation/faults/clock_faults.hpp"

namespace synod::simulation {

bool ClockFaults::strike(Fault fault) {
  if (fault != Fault::kSuspend) return false;
  suspend(stage_.any_node());
  return true;
}

// As CLOCK_MONOTONIC does in a suspended machine: the node does not notice that time has passed.
void ClockFaults::suspend(SimulatedNode& node) {
  if (!node.up() || node.paused()) return;
  stage_.count(Fault::kSuspend);
  node.pause(true);
  stage_.later(stage_.length() * 4, [&node, life = node.lives()] {
    if (node.lives() == life) node.resume();
  });
}

void ClockFaults::count_up() {
  for (const auto& node : stage_.nodes) {
    const std::int64_t drift = node->drift_ppm();
    if (stage_.plan.faults.has(Fault::kClockRates)) {
      stage_.count(Fault::kClockRates, drift != 0 ? 1 : 0);
    } else if (stage_.plan.faults.has(Fault::kClockDrift)) {
      stage_.count(Fault::kClockDrift, drift != 0 ? 1 : 0);
    }
  }
}

}  // namespace synod::simulation
