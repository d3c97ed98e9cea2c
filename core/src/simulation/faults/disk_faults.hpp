// Faults of the disks under the nodes.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "simulation/faults/disk_audit.hpp"
#include "simulation/faults/fault_family.hpp"

namespace synod::simulation {

class DiskFaultFamily final : public FaultFamily {
 public:
  using FaultFamily::FaultFamily;

  void begin() override;
  bool strike(Fault fault) override;
  void heal() override;
  void count_up() override;
  void before_restart(SimulatedNode& node) override;

 private:
  // Errors and what comes with them.
  bool strike_with_error(Fault fault, SimulatedNode& node);
  void fail_syncs(Fault fault, SimulatedNode& node);
  void end_sync_errors(SimulatedNode& node);
  void fill_up(SimulatedNode& node);
  void slow_down(SimulatedNode& node);
  void hang(SimulatedNode& node);
  // Damage to what was durable.
  bool strike_with_damage(Fault fault, SimulatedNode& node);
  // `before`: all of the node's disk, of which the verdict is what it `was`.
  bool damage(SimulatedNode& node, const SimulatedDisk::Image& before, const DiskVerdict& was,
              const std::vector<Damage>& damages);
  [[nodiscard]] std::vector<Damage> draw_lost_write(SimulatedNode& node,
                                                    const SimulatedDisk::Image& image,
                                                    bool lands_elsewhere);
  void rot_everywhere();
  void misread(SimulatedNode& node);
  void crash_for_a_while(SimulatedNode& node);

  struct FailingSyncs {
    Fault fault;
    std::uint64_t failed_before;
  };
  std::map<NodeId, FailingSyncs> failing_;
  std::uint64_t damages_ = 0;  // Tried.
  bool rotted_everywhere_ = false;
};

}  // namespace synod::simulation
