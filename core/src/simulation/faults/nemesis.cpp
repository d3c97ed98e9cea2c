#include "simulation/faults/nemesis.hpp"

#include "simulation/faults/disk_faults.hpp"
#include "simulation/faults/network_faults.hpp"
#include "simulation/faults/node_faults.hpp"

namespace synod::simulation {

Nemesis::Nemesis(World& world, Workload::Nodes& nodes, Workload& workload, const FaultPlan& plan,
                 std::uint64_t seed)
    : stage_(world, nodes, workload, plan, seed) {
  families_.push_back(std::make_unique<NetworkFaults>(stage_));
  families_.push_back(std::make_unique<DiskFaultFamily>(stage_));
  families_.push_back(std::make_unique<NodeFaults>(stage_));
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (strikes_at_moments(fault) && plan.faults.has(fault)) striking_.push_back(fault);
  }
}

void Nemesis::begin(bool memories_may_go) {
  memories_may_go_ = memories_may_go;
  stage_.on = true;
  ++stage_.period;
  for (auto& family : families_) family->begin();
  if (!striking_.empty()) strike_later();
}

void Nemesis::heal() {
  stage_.on = false;
  for (auto& family : families_) family->heal();
}

FaultCounts Nemesis::counts() {
  const FaultCounts own = stage_.struck;
  for (auto& family : families_) family->count_up();
  return std::exchange(stage_.struck, own);
}

void Nemesis::strike_later() {
  const Duration mean = stage_.plan.mean_between;
  stage_.later(stage_.prng.between(std::chrono::milliseconds(1), 2 * mean), [this] {
    const Fault fault = striking_[stage_.prng.below(striking_.size())];
    if (memories_may_go_ || !may_cost_a_memory(fault)) strike(fault);
    strike_later();
  });
}

void Nemesis::strike(Fault fault) {
  for (auto& family : families_) {
    if (family->strike(fault)) return;
  }
}

}  // namespace synod::simulation
