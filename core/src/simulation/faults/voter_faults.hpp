// Voters that refuse, abstain and throw, at random.
#pragma once

#include "simulation/faults/fault_family.hpp"

namespace synod::simulation {

class VoterFaults final : public FaultFamily {
 public:
  using FaultFamily::FaultFamily;

  void begin() override;
  bool strike(Fault /*fault*/) override { return false; }
  void heal() override;
  void count_up() override;
};

}  // namespace synod::simulation
