// Faults between the nodes: whole links, good or bad, for all the time, and partitions.
#pragma once

#include "simulation/faults/fault_family.hpp"
#include "simulation/faults/shapes.hpp"

namespace synod::simulation {

// One partition at a time; a new one takes the place of the last, unless that was drawn to be long.
class NetworkFaults final : public FaultFamily {
 public:
  using FaultFamily::FaultFamily;

  void begin() override;
  bool strike(Fault fault) override;
  void heal() override;
  void count_up() override;

 private:
  void part(Fault fault);
  void tell(Fault fault) const;
  void divide(std::uint64_t side);
  void isolate(NodeId node);
  void cut_off_minority();
  void cut_one_way();
  void cut_pair();
  void take(Shape shape);
  // The nodes in service in random order, the leader first.
  [[nodiscard]] std::vector<NodeId> in_order();
  void mend_later();

  std::uint64_t partition_ = 0;  // Tells the present one from those before.
  Timestamp keep_until_;         // The present one is a long one.
  NodeSet cut_off_ = 0;          // One side of the present one, where it has two.
};

}  // namespace synod::simulation
