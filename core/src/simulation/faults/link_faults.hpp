// Links that come and go, or hold back what they carry.
#pragma once

#include <vector>

#include "simulation/faults/fault_family.hpp"

namespace synod::simulation {

class LinkFaults final : public FaultFamily {
 public:
  using FaultFamily::FaultFamily;

  bool strike(Fault fault) override;

 private:
  using Way = std::pair<NodeId, NodeId>;

  [[nodiscard]] Way any_way();
  void flap(Way way, Timestamp until, bool down);
  void clog(Way way, Duration after, Duration length);
  void swizzle();
};

}  // namespace synod::simulation
