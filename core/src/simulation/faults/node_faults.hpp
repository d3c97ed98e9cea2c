// Faults of whole nodes: they crash, stand still or lose their disk.
#pragma once

#include "simulation/faults/fault_family.hpp"

namespace synod::simulation {

class NodeFaults final : public FaultFamily {
 public:
  explicit NodeFaults(FaultStage& stage);

  bool strike(Fault fault) override;
  void heal() override;

 private:
  void crash_for_a_while(SimulatedNode& node, Fault fault);
  void pause_for_a_while(SimulatedNode& node);
  void wipe(SimulatedNode& node);

  std::uint64_t wipes_left_;
};

}  // namespace synod::simulation
