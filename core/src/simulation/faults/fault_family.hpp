// What the families of fault classes have in common, and what they may use.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include <synod/simulation/faults.hpp>

#include "simulation/simulated_node.hpp"
#include "simulation/workload.hpp"

namespace synod::simulation {

// Shared by all families of one simulation; outlives them.
class FaultStage {
 public:
  FaultStage(World& stage_world, Workload::Nodes& stage_nodes, Workload& stage_workload,
             FaultPlan stage_plan, std::uint64_t seed)
      : world(stage_world),
        nodes(stage_nodes),
        workload(stage_workload),
        plan(stage_plan),
        prng(seed) {}

  // Runs `work` after `pause`, unless these faults are over by then.
  template <class Later>
  void later(Duration pause, Later work) {
    world.scheduler.at(world.scheduler.now().after(pause),
                       [this, begun = period, work = std::move(work)]() mutable {
                         if (on && begun == period) work();
                       });
  }
  // Of one fault: around the plan's mean.
  [[nodiscard]] Duration length() {
    return prng.between(std::chrono::milliseconds(1), 2 * plan.mean_length);
  }
  [[nodiscard]] SimulatedNode& any_node() { return *nodes[prng.below(nodes.size())]; }
  void count(Fault fault, std::uint64_t times = 1) {
    struck[static_cast<std::size_t>(fault)] += times;
  }
  // Crashes the node and tells the clients. Requires: it is up.
  void crash(SimulatedNode& node) {
    node.crash();
    workload.node_died(node.id());
  }
  void start_later(SimulatedNode& node) {
    later(length(), [&node] {
      if (!node.up()) node.start();
    });
  }

  World& world;
  Workload::Nodes& nodes;
  Workload& workload;
  FaultPlan plan;
  Prng prng;
  bool on = false;           // Faults strike.
  std::uint64_t period = 0;  // Counts the times that they began to.
  FaultCounts struck{};      // How often each class did something.
};

// Some classes that belong together. Those that are there all the time begin and heal; those that
// strike at moments also take back by themselves what they did.
class FaultFamily {
 public:
  explicit FaultFamily(FaultStage& stage) : stage_(stage) {}
  virtual ~FaultFamily() = default;
  FaultFamily(const FaultFamily&) = delete;
  FaultFamily& operator=(const FaultFamily&) = delete;

  // The faults begin: what is on all the time is switched on.
  virtual void begin() {}
  // Does what `fault` does at a moment; false where it is not of this family.
  virtual bool strike(Fault fault) = 0;
  // The faults are over: everything is taken back.
  virtual void heal() {}
  // Adds to the stage's counts what only the world counted.
  virtual void count_up() {}

 protected:
  FaultStage& stage_;
};

}  // namespace synod::simulation
