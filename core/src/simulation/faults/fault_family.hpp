// What the families of fault classes have in common, and what they may use.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <synod/simulation/faults.hpp>

#include "simulation/faults/fault_atlas.hpp"
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
        prng(seed),
        atlas(stage_world, stage_nodes) {}

  // Runs `work` after `pause`, unless these faults are over by then.
  template <class Later>
  void later(Duration pause, Later work) {
    world.scheduler.at(world.scheduler.now().after(pause),
                       [this, begun = period, work = std::move(work)]() mutable {
                         if (on && begun == period) work();
                       });
  }
  // The same, also when the faults are over.
  template <class Later>
  void certainly_later(Duration pause, Later work) {
    world.scheduler.at(world.scheduler.now().after(pause), std::move(work));
  }
  // Of one fault: around the plan's mean.
  [[nodiscard]] Duration length() {
    return prng.between(std::chrono::milliseconds(1), 2 * plan.mean_length);
  }
  // Of those that are in service.
  [[nodiscard]] SimulatedNode& any_node() {
    SimulatedNode* node = nullptr;
    while (node == nullptr || !node->in_service()) node = nodes[prng.below(nodes.size())].get();
    return *node;
  }
  // The nodes of the present healing, which may be some only: what the others suffer goes on.
  [[nodiscard]] bool heals(NodeId node) const { return has(healing, node); }
  [[nodiscard]] std::vector<NodeId> ids_in(NodeSet some) const {
    std::vector<NodeId> ids;
    for (const auto& node : nodes) {
      if (has(some, node->id())) ids.push_back(node->id());
    }
    return ids;
  }
  void count(Fault fault, std::uint64_t times = 1) {
    struck[static_cast<std::size_t>(fault)] += times;
  }
  // Crashes the node and tells the clients. Requires: it is up.
  void crash(SimulatedNode& node) {
    node.crash();
    workload.node_died(node.id());
  }
  // What was written is on the disk, or gone: damage is judged by what is there.
  void settle_disk(SimulatedNode& node) {
    if (node.disk().unsynced_bytes() == 0) return;
    const bool was_up = node.up();
    node.lose_power();
    if (!was_up) return;
    workload.node_died(node.id());
    start_later(node);
  }
  // The process dies, what it wrote stays. Requires: it is up.
  void kill(SimulatedNode& node) {
    node.kill();
    workload.node_died(node.id());
  }
  // Where it is down and in service.
  static void start(SimulatedNode& node) {
    if (!node.up() && node.in_service()) node.start();
  }
  void start_later(SimulatedNode& node) {
    later(length(), [&node] { start(node); });
  }
  // The node that leads, as far as any says so; otherwise any node.
  [[nodiscard]] SimulatedNode& leader() {
    SimulatedNode* leads = nullptr;
    for (auto& node : nodes) {
      if (!node->ready() || node->view().mandate == CoordNum{}) continue;
      const bool newer = leads == nullptr || leads->view().mandate < node->view().mandate;
      if (newer) leads = node.get();
    }
    return leads == nullptr ? any_node() : *leads;
  }

  World& world;
  Workload::Nodes& nodes;
  Workload& workload;
  FaultPlan plan;
  Prng prng;
  FaultAtlas atlas;
  bool on = false;           // Faults strike.
  std::uint64_t period = 0;  // Counts the times that they began to.
  NodeSet healing = 0;       // While heal() runs.
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
  // The faults are over for the nodes that FaultStage::heals(): what they suffer, and the links
  // between two of them, is taken back.
  virtual void heal() {}
  // What happens in the world, inside a node's turn: what is done about it is done later.
  virtual void on_delivery(NodeId /*to*/, const Received& /*received*/) {}
  virtual void on_event(NodeId /*node*/, const Event& /*event*/) {}
  // Adds to the stage's counts what only the world counted.
  virtual void count_up() {}
  // A node that stopped by itself, for a good reason, is down and about to be started again.
  virtual void before_restart(SimulatedNode& /*node*/) {}

 protected:
  FaultStage& stage_;
};

}  // namespace synod::simulation
