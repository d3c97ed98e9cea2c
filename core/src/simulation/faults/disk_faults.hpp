// Faults of the disks under the nodes.
#pragma once

#include "simulation/faults/fault_family.hpp"

namespace synod::simulation {

class DiskFaultFamily final : public FaultFamily {
 public:
  using FaultFamily::FaultFamily;

  void begin() override;
  bool strike(Fault fault) override;
  void heal() override;
  void count_up() override;
};

}  // namespace synod::simulation
