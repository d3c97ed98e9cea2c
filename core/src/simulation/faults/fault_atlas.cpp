#include "simulation/faults/fault_atlas.hpp"

#include <algorithm>

#include "simulation/faults/disk_audit.hpp"

namespace synod::simulation {

void FaultAtlas::lose(SimulatedNode& node) {
  at_risk_[node.id()] = node.memory();
  node.expect_memory_loss();
}

// A node that votes with another memory than the one that was lost is as good as any other, and so
// is one whose damaged files a checkpoint has replaced.
void FaultAtlas::look_again() {
  for (const auto& node : nodes_) {
    const auto lost = at_risk_.find(node->id());
    if (lost == at_risk_.end() || !node->ready()) continue;
    const ReplicaView view = node->view();
    const bool votes = view.participation == Participation::kActive;
    if (!votes) continue;
    const bool is_another = view.incarnation != lost->second;
    if (is_another || audit(node->disk().image(), node->id()).whole) at_risk_.erase(lost);
  }
}

bool FaultAtlas::is_at_risk(const SimulatedNode& node) {
  look_again();
  return at_risk_.contains(node.id());
}

bool FaultAtlas::none_at_risk() {
  look_again();
  return at_risk_.empty();
}

Checker::Memories FaultAtlas::intact() {
  look_again();
  Checker::Memories memories;
  for (const auto& node : nodes_) {
    if (node->in_service() && !at_risk_.contains(node->id())) memories[node->id()] = node->memory();
  }
  return memories;
}

bool FaultAtlas::can_run(const Cluster& cluster) {
  return world_.checker.form_quorums(cluster, intact());
}

bool FaultAtlas::may_lose(const SimulatedNode& node) {
  if (!changes_.empty()) return false;
  Checker::Memories memories = intact();
  return memories.erase(node.id()) > 0 && world_.checker.can_carry_on(memories);
}

std::vector<SimulatedNode*> FaultAtlas::too_many(Prng& prng) {
  std::vector<SimulatedNode*> chosen;
  Checker::Memories memories = intact();
  const std::size_t first = prng.below(nodes_.size());
  const bool all = prng.chance(0.5);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!all && !world_.checker.can_carry_on(memories)) break;
    SimulatedNode& node = *nodes_[(first + i) % nodes_.size()];
    if (memories.erase(node.id()) > 0) chosen.push_back(&node);
  }
  return chosen;
}

// --- The oracle ----------------------------------------------------------------------------------

Incarnation FaultAtlas::memory_of(const SimulatedNode& node) const {
  if (node.ready() && node.stopped().ok()) return node.view().incarnation;
  return audit(node.disk().image(), node.id()).incarnation;
}

std::string FaultAtlas::unrecoverable() const {
  Checker::Memories memories;
  for (const auto& node : nodes_) {
    if (node->in_service()) memories[node->id()] = memory_of(*node);
  }
  return world_.checker.what_stops(memories);
}

}  // namespace synod::simulation
