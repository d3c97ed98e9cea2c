// Faults of whole nodes: they crash, stand still, are slow, or get another disk.
#pragma once

#include <map>

#include "simulation/faults/fault_family.hpp"

namespace synod::simulation {

class NodeFaults final : public FaultFamily {
 public:
  using FaultFamily::FaultFamily;

  bool strike(Fault fault) override;
  void heal() override;
  void count_up() override;
  void before_restart(SimulatedNode& node) override;

 private:
  bool strike_with_end(Fault fault);
  void crash_for_a_while(SimulatedNode& node, Fault fault);
  void kill_for_a_while(SimulatedNode& node);
  void crash_midway(SimulatedNode& node);
  void storm();
  void crash_again(SimulatedNode& node, std::uint64_t times);
  void pause_for_a_while(SimulatedNode& node, Fault fault, Duration pause);
  void apply_slowly(SimulatedNode& node);
  void wipe(SimulatedNode& node);
  void put_back_a_backup(SimulatedNode& node, Fault fault);
  void mix_up_directories(SimulatedNode& node);

  std::map<NodeId, SimulatedDisk::Volume> backups_;
  // Of those that have another node's directory.
  std::map<NodeId, SimulatedDisk::Volume> put_aside_;
};

}  // namespace synod::simulation
