#include "simulation/faults/network_faults.hpp"

namespace synod::simulation {

void NetworkFaults::begin() { stage_.world.network.set_conditions(stage_.plan.network); }

void NetworkFaults::heal() {
  stage_.world.network.set_conditions(NetworkConditions{});
  stage_.world.network.mend_all();
}

void NetworkFaults::count_up() {
  const NetworkStats& stats = stage_.world.network.stats();
  stage_.count(Fault::kLoss, stats.lost);
  stage_.count(Fault::kDuplication, stats.duplicated);
  stage_.count(Fault::kStragglers, stats.stragglers);
  if (stage_.plan.faults.has(Fault::kDelay)) stage_.count(Fault::kDelay, stats.delivered);
}

bool NetworkFaults::strike(Fault fault) {
  if (fault != Fault::kPartition && fault != Fault::kOneWay) return false;
  stage_.count(fault);
  fault == Fault::kPartition ? partition() : cut_one_way();
  return true;
}

void NetworkFaults::partition() {
  World& world = stage_.world;
  world.network.mend_all();
  const std::uint64_t side = stage_.prng.next();
  for (const auto& a : stage_.nodes) {
    for (const auto& b : stage_.nodes) {
      const bool apart = (side >> a->id().value() & 1) != (side >> b->id().value() & 1);
      world.network.cut(a->id(), b->id(), apart);
    }
  }
  world.trace(NodeId(0), "the network falls apart");
  mend_later();
}

void NetworkFaults::cut_one_way() {
  World& world = stage_.world;
  world.network.mend_all();
  const NodeId node = stage_.any_node().id();
  const bool unheard = stage_.prng.chance(0.5);
  for (const auto& other : stage_.nodes) {
    if (other->id() == node || stage_.prng.chance(0.2)) continue;
    world.network.cut(unheard ? node : other->id(), unheard ? other->id() : node);
  }
  world.trace(node, unheard ? "is not heard" : "does not hear");
  mend_later();
}

void NetworkFaults::mend_later() {
  stage_.later(stage_.length(), [this, partition = ++partition_] {
    if (partition != partition_) return;
    stage_.world.network.mend_all();
    stage_.world.trace(NodeId(0), "the network is whole");
  });
}

}  // namespace synod::simulation
