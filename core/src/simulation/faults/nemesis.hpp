// Lets faults strike, and takes them back.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "simulation/faults/fault_family.hpp"

namespace synod::simulation {

class Nemesis {
 public:
  // All outlive it.
  Nemesis(World& world, Workload::Nodes& nodes, Workload& workload, const FaultPlan& plan,
          std::uint64_t seed);

  // Before the cluster is `founded`, only what costs no memory and changes no members strikes.
  void begin(bool founded = true);
  // No fault strikes any more, and for these nodes everything is taken back: the links between
  // them are good, their disks are fast, they run. What the others suffer stays as it is.
  void heal(NodeSet nodes);
  void on_delivery(NodeId to, const Received& received);
  void on_event(NodeId node, const Event& event);
  // Crashes the node and tells the clients. Requires: it is up.
  void crash(SimulatedNode& node) { stage_.crash(node); }
  // Starts again whatever stopped by itself, as whoever runs a node would; a stop that no fault
  // justifies is a violation.
  void look_after_nodes();
  // Why the cluster can never go on; empty where it can. An oracle: it looks at memories, not at
  // time.
  [[nodiscard]] std::string unrecoverable() const { return stage_.atlas.unrecoverable(); }
  // Of the nodes in service, those whose memory no fault has put at risk.
  [[nodiscard]] Checker::Memories intact_memories() { return stage_.atlas.intact(); }
  // How often each class did something.
  [[nodiscard]] FaultCounts counts();
  // Those that struck at moments, in order.
  [[nodiscard]] const std::vector<Strike>& strikes() const { return strikes_; }

 private:
  void strike_later();
  void strike_next();
  void tell_healed(NodeSet nodes) const;
  void strike(Fault fault);
  void restart(SimulatedNode& node);
  void run_again_where_needed(SimulatedNode& node);
  void empty_directory(NodeId id);

  FaultStage stage_;
  std::vector<std::unique_ptr<FaultFamily>> families_;
  std::uint64_t seed_;
  std::uint64_t moments_ = 0;  // At which something strikes, or would if it were not left out.
  std::vector<Strike> strikes_;
  bool founded_ = true;
  std::vector<Fault> striking_;                 // Those that are on and strike at moments.
  std::map<NodeId, std::uint64_t> restarting_;  // The life that is to end.
};

}  // namespace synod::simulation
