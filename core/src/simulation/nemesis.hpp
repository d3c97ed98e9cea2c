// Lets faults strike, and takes them back.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <synod/simulation/faults.hpp>

#include "simulation/simulated_node.hpp"
#include "simulation/workload.hpp"

namespace synod::simulation {

struct NemesisStats {
  std::uint64_t crashes = 0;
  std::uint64_t wipes = 0;
  std::uint64_t partitions = 0;
  std::uint64_t pauses = 0;
};

class Nemesis {
 public:
  // All outlive it.
  Nemesis(World& world, Workload::Nodes& nodes, Workload& workload, FaultPlan plan,
          std::uint64_t seed);

  void begin();
  // Takes everything back: the network is good, disks are fast, every node runs.
  void heal();
  // Crashes the node and tells the clients. Requires: it is up.
  void crash(SimulatedNode& node);
  [[nodiscard]] const NemesisStats& stats() const { return stats_; }

 private:
  void strike_later();
  void strike();
  void strike(Fault fault);
  void partition();
  void cut_one_way();
  void crash_for_a_while(SimulatedNode& node);
  void pause_for_a_while(SimulatedNode& node);
  void wipe(SimulatedNode& node);
  void mend_later();
  void start_later(SimulatedNode& node);
  // Around the plan's mean.
  Duration length();
  SimulatedNode& any_node() { return *nodes_[prng_.below(nodes_.size())]; }

  World& world_;
  Workload::Nodes& nodes_;
  Workload& workload_;
  FaultPlan plan_;
  Prng prng_;
  std::vector<Fault> striking_;
  std::uint64_t wipes_left_;
  std::uint64_t partition_ = 0;
  bool on_ = false;
  NemesisStats stats_;
};

}  // namespace synod::simulation
