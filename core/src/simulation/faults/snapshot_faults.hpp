// Interruptions of a snapshot on its way from one node to another.
#pragma once

#include "simulation/faults/fault_family.hpp"

namespace synod::simulation {

// A strike cuts a node off until the others have dropped what it lacks, so that it needs a
// snapshot; the interruption itself comes with the chunks.
class SnapshotFaults final : public FaultFamily {
 public:
  using FaultFamily::FaultFamily;

  bool strike(Fault fault) override;
  void heal() override;
  void on_delivery(NodeId to, const Received& received) override;
  void on_event(NodeId node, const Event& event) override;

 private:
  void cut_off(NodeId node, bool is_cut);
  void wait_until_behind(SimulatedNode& node, RoundNum until, Timestamp limit);
  void interrupt(Fault fault, NodeId from, NodeId to);
  void crash_soon(Fault fault, NodeId node);

  bool starving_ = false;  // One at a time.
};

}  // namespace synod::simulation
