// Lets faults strike, and takes them back.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "simulation/faults/fault_family.hpp"

namespace synod::simulation {

class Nemesis {
 public:
  // All outlive it.
  Nemesis(World& world, Workload::Nodes& nodes, Workload& workload, const FaultPlan& plan,
          std::uint64_t seed);

  // Without `memories_may_go`, only what costs no node its memory strikes.
  void begin(bool memories_may_go = true);
  // Takes everything back: the network is good, disks are fast, every node runs.
  void heal();
  // Crashes the node and tells the clients. Requires: it is up.
  void crash(SimulatedNode& node) { stage_.crash(node); }
  // How often each class did something.
  [[nodiscard]] FaultCounts counts();

 private:
  void strike_later();
  void strike(Fault fault);

  FaultStage stage_;
  std::vector<std::unique_ptr<FaultFamily>> families_;
  bool memories_may_go_ = true;
  std::vector<Fault> striking_;  // Those that are on and strike at moments.
};

}  // namespace synod::simulation
