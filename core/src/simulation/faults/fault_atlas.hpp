// Knows which memories of the cluster are lost or damaged, so that faults of all kinds together
// leave enough of them, and can say afterwards, from the disks alone, whether enough are left.
#pragma once

#include <map>
#include <set>
#include <string>

#include "simulation/simulated_node.hpp"
#include "simulation/workload.hpp"

namespace synod::simulation {

// A memory is at risk from the moment in which its disk is damaged or lost until another memory of
// the same node votes: until then a quorum that needs it cannot be made.
class FaultAtlas {
 public:
  FaultAtlas(World& world, Workload::Nodes& nodes) : world_(world), nodes_(nodes) {}

  // Whether those that are left can form all quorums if this memory is lost, too.
  [[nodiscard]] bool may_lose(const SimulatedNode& node);
  // Whether the memories that are intact form all quorums of `cluster`.
  [[nodiscard]] bool can_run(const Cluster& cluster);
  // While a change of the cluster may be under way, no memory may be lost: it may be the one that
  // the new cluster rests on.
  void change_begins(const EntryId& id) { changes_.insert(id); }
  void change_ends(const EntryId& id) { changes_.erase(id); }
  // It is lost, or will be found to be at its next start.
  void lose(SimulatedNode& node);
  [[nodiscard]] bool is_at_risk(const SimulatedNode& node);
  [[nodiscard]] bool none_at_risk();
  // Some, so many that the rest cannot form quorums.
  [[nodiscard]] std::vector<SimulatedNode*> too_many(Prng& prng);

  // Of the nodes in service, those whose memory is not at risk.
  [[nodiscard]] Checker::Memories intact();

  // Why no quorum can be formed any more, from the memories that run and those on the disks; empty
  // where one can.
  [[nodiscard]] std::string unrecoverable() const;

 private:
  void look_again();
  // As memory() says, or its disk where it is down; 0: none that is sound.
  [[nodiscard]] Incarnation memory_of(const SimulatedNode& node) const;

  World& world_;
  Workload::Nodes& nodes_;
  std::set<EntryId> changes_;
  std::map<NodeId, Incarnation> at_risk_;  // Which memory it was; 0 where nobody knows.
};

}  // namespace synod::simulation
