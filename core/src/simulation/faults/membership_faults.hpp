// An operator who changes the members by entries of the log, in good times and bad.
#pragma once

#include <string>
#include <vector>

#include "simulation/faults/fault_family.hpp"

namespace synod::simulation {

// Only the built-in state understands the entries. Whoever is to become a member was admitted
// before; whoever was removed is shut down once it says that this is complete, and may join again
// later with the memory that it has.
class MembershipFaults final : public FaultFamily {
 public:
  using FaultFamily::FaultFamily;

  bool strike(Fault fault) override;
  void on_event(NodeId node, const Event& event) override;

 private:
  void change(Fault fault);
  void join();
  void take_into_service(SimulatedNode& node);
  void add_once_admitted(SimulatedNode& node, std::uint64_t tries);
  void leave(Fault fault, NodeId node);
  void swap();
  void shrink();
  void grow();
  void draw_quorums();
  void change_window(Fault fault);
  void two_changes();

  void propose(Fault fault, const Cluster& cluster);
  // Appends `text` somewhere; a success counts as one strike of `fault`.
  void append(Fault fault, std::string text);
  [[nodiscard]] Cluster present() const { return stage_.world.checker.newest_cluster(); }
  // Whether its memory is the one that was chosen last.
  [[nodiscard]] bool is_admitted(const SimulatedNode& node) const;
  [[nodiscard]] SimulatedNode* outsider(bool admitted);
  [[nodiscard]] NodeId any_member();
};

}  // namespace synod::simulation
