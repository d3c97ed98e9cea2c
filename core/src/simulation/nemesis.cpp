#include "simulation/nemesis.hpp"

#include <utility>

namespace synod::simulation {

Nemesis::Nemesis(World& world, Workload::Nodes& nodes, Workload& workload, FaultPlan plan,
                 std::uint64_t seed)
    : world_(world),
      nodes_(nodes),
      workload_(workload),
      plan_(plan),
      prng_(seed),
      wipes_left_((nodes.size() - 1) / 2) {
  for (const Fault fault : {Fault::kPartition, Fault::kOneWay, Fault::kCrash, Fault::kCrashAll,
                            Fault::kPause, Fault::kWipe}) {
    if (plan_.faults.has(fault)) striking_.push_back(fault);
  }
}

void Nemesis::begin() {
  on_ = true;
  world_.network.set_conditions(plan_.network);
  for (auto& node : nodes_) node->disk_faults().delay_max = plan_.disk_delay_max;
  if (!striking_.empty()) strike_later();
}

void Nemesis::heal() {
  on_ = false;
  world_.network.set_conditions(NetworkConditions{});
  world_.network.mend_all();
  for (auto& node : nodes_) {
    node->disk_faults().delay_max = std::chrono::milliseconds(2);
    node->resume();
    if (!node->up()) node->start();
  }
}

Duration Nemesis::length() {
  return prng_.between(std::chrono::milliseconds(1), 2 * plan_.mean_length);
}

void Nemesis::strike_later() {
  const Duration pause = prng_.between(std::chrono::milliseconds(1), 2 * plan_.mean_between);
  world_.scheduler.at(world_.scheduler.now().after(pause), [this] {
    if (!on_) return;
    strike(striking_[prng_.below(striking_.size())]);
    strike_later();
  });
}

void Nemesis::strike(Fault fault) {
  switch (fault) {
    case Fault::kPartition:
      partition();
      break;
    case Fault::kOneWay:
      cut_one_way();
      break;
    case Fault::kCrash:
      crash_for_a_while(any_node());
      break;
    case Fault::kCrashAll:
      for (auto& node : nodes_) crash_for_a_while(*node);
      break;
    case Fault::kPause:
      pause_for_a_while(any_node());
      break;
    case Fault::kWipe:
      wipe(any_node());
      break;
    default:
      break;
  }
}

void Nemesis::partition() {
  ++stats_.partitions;
  world_.network.mend_all();
  std::uint64_t side = prng_.next();
  for (const auto& a : nodes_) {
    for (const auto& b : nodes_) {
      const bool apart = (side >> a->id().value() & 1) != (side >> b->id().value() & 1);
      world_.network.cut(a->id(), b->id(), apart);
    }
  }
  world_.trace(NodeId(0), "the network falls apart");
  mend_later();
}

void Nemesis::cut_one_way() {
  ++stats_.partitions;
  world_.network.mend_all();
  const NodeId node = any_node().id();
  const bool unheard = prng_.chance(0.5);
  for (const auto& other : nodes_) {
    if (other->id() == node || prng_.chance(0.2)) continue;
    world_.network.cut(unheard ? node : other->id(), unheard ? other->id() : node);
  }
  world_.trace(node, unheard ? "is not heard" : "does not hear");
  mend_later();
}

void Nemesis::mend_later() {
  const std::uint64_t partition = ++partition_;
  world_.scheduler.at(world_.scheduler.now().after(length()), [this, partition] {
    if (!on_ || partition != partition_) return;
    world_.network.mend_all();
    world_.trace(NodeId(0), "the network is whole");
  });
}

void Nemesis::crash(SimulatedNode& node) {
  node.crash();
  workload_.node_died(node.id());
}

void Nemesis::crash_for_a_while(SimulatedNode& node) {
  if (!node.up()) return;
  ++stats_.crashes;
  crash(node);
  start_later(node);
}

void Nemesis::start_later(SimulatedNode& node) {
  world_.scheduler.at(world_.scheduler.now().after(length()), [this, &node] {
    if (on_ && !node.up()) node.start();
  });
}

void Nemesis::pause_for_a_while(SimulatedNode& node) {
  if (!node.up() || node.paused()) return;
  ++stats_.pauses;
  world_.trace(node.id(), "stands still");
  node.pause();
  const std::uint64_t life = node.lives();
  world_.scheduler.at(world_.scheduler.now().after(length()), [this, &node, life] {
    if (on_ && node.lives() == life) node.resume();
  });
}

// The memories that are left must be able to form quorums: nobody is admitted anew yet.
void Nemesis::wipe(SimulatedNode& node) {
  if (wipes_left_ == 0 || node.wiped()) return;
  --wipes_left_;
  ++stats_.wipes;
  if (node.up()) crash(node);
  node.wipe();
  start_later(node);
}

}  // namespace synod::simulation
