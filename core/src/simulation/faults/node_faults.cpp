#include "simulation/faults/node_faults.hpp"

namespace synod::simulation {

NodeFaults::NodeFaults(FaultStage& stage)
    : FaultFamily(stage), wipes_left_((stage.nodes.size() - 1) / 2) {}

void NodeFaults::heal() {
  for (auto& node : stage_.nodes) {
    if (!stage_.heals(node->id())) continue;
    node->resume();
    if (!node->up() && node->in_service()) node->start();
  }
}

bool NodeFaults::strike(Fault fault) {
  switch (fault) {
    case Fault::kCrash:
      crash_for_a_while(stage_.any_node(), fault);
      return true;
    case Fault::kCrashAll:
      for (auto& node : stage_.nodes) {
        if (node->in_service()) crash_for_a_while(*node, fault);
      }
      return true;
    case Fault::kPause:
      pause_for_a_while(stage_.any_node());
      return true;
    case Fault::kWipe:
      wipe(stage_.any_node());
      return true;
    default:
      return false;
  }
}

void NodeFaults::crash_for_a_while(SimulatedNode& node, Fault fault) {
  if (!node.up()) return;
  stage_.count(fault);
  stage_.crash(node);
  stage_.start_later(node);
}

void NodeFaults::pause_for_a_while(SimulatedNode& node) {
  if (!node.up() || node.paused()) return;
  stage_.count(Fault::kPause);
  stage_.world.trace(node.id(), "stands still");
  node.pause();
  stage_.later(stage_.length(), [&node, life = node.lives()] {
    if (node.lives() == life) node.resume();
  });
}

// The memories that are left must be able to form quorums.
void NodeFaults::wipe(SimulatedNode& node) {
  if (wipes_left_ == 0 || node.wiped() || !stage_.may_lose(node)) return;
  --wipes_left_;
  stage_.count(Fault::kWipe);
  if (node.up()) stage_.crash(node);
  node.wipe();
  stage_.start_later(node);
}

}  // namespace synod::simulation
