// Clocks that stop. Those that run wrong do so from the beginning: Simulation::make_nodes().
#pragma once

#include "simulation/faults/fault_family.hpp"

namespace synod::simulation {

class ClockFaults final : public FaultFamily {
 public:
  using FaultFamily::FaultFamily;

  bool strike(Fault fault) override;
  void count_up() override;

 private:
  void suspend(SimulatedNode& node);
};

}  // namespace synod::simulation
