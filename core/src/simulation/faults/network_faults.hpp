// Faults between the nodes.
#pragma once

#include "simulation/faults/fault_family.hpp"

namespace synod::simulation {

class NetworkFaults final : public FaultFamily {
 public:
  using FaultFamily::FaultFamily;

  void begin() override;
  bool strike(Fault fault) override;
  void heal() override;
  void count_up() override;

 private:
  void partition();
  void cut_one_way();
  void mend_later();

  std::uint64_t partition_ = 0;  // Tells the present one from those before.
};

}  // namespace synod::simulation
