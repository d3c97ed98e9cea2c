#include "simulation/faults/nemesis.hpp"

#include <algorithm>
#include <utility>

#include <synod/hash.hpp>

#include "simulation/faults/clock_faults.hpp"
#include "simulation/faults/disk_faults.hpp"
#include "simulation/faults/link_faults.hpp"
#include "simulation/faults/membership_faults.hpp"
#include "simulation/faults/network_faults.hpp"
#include "simulation/faults/node_faults.hpp"
#include "simulation/faults/snapshot_faults.hpp"
#include "simulation/faults/voter_faults.hpp"

namespace synod::simulation {

Nemesis::Nemesis(World& world, Workload::Nodes& nodes, Workload& workload, const FaultPlan& plan,
                 std::uint64_t seed)
    : stage_(world, nodes, workload, plan, seed), seed_(seed) {
  families_.push_back(std::make_unique<NetworkFaults>(stage_));
  families_.push_back(std::make_unique<LinkFaults>(stage_));
  families_.push_back(std::make_unique<ClockFaults>(stage_));
  families_.push_back(std::make_unique<VoterFaults>(stage_));
  families_.push_back(std::make_unique<MembershipFaults>(stage_));
  families_.push_back(std::make_unique<SnapshotFaults>(stage_));
  families_.push_back(std::make_unique<DiskFaultFamily>(stage_));
  families_.push_back(std::make_unique<NodeFaults>(stage_));
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (strikes_at_moments(fault) && plan.faults.has(fault)) striking_.push_back(fault);
  }
}

void Nemesis::begin(bool founded) {
  founded_ = founded;
  stage_.on = true;
  ++stage_.period;
  for (auto& family : families_) family->begin();
  if (!striking_.empty()) strike_later();
}

void Nemesis::heal(NodeSet nodes) {
  stage_.on = false;
  stage_.healing = nodes;
  for (auto& family : families_) family->heal();
  stage_.healing = 0;
  tell_healed(nodes);
}

void Nemesis::tell_healed(NodeSet nodes) const {
  if (!stage_.world.tracing()) return;
  Moment moment{.happening = Happening::kHealed, .text = "faults are over"};
  moment.nodes = stage_.ids_in(nodes);
  stage_.world.tell(std::move(moment));
}

void Nemesis::on_delivery(NodeId to, const Received& received) {
  for (auto& family : families_) family->on_delivery(to, received);
}

void Nemesis::on_event(NodeId node, const Event& event) {
  const auto* const changed = std::get_if<ParticipationChanged>(&event);
  if (changed != nullptr && changed->reason == PassiveReason::kOtherGenesis) empty_directory(node);
  for (auto& family : families_) family->on_event(node, event);
}

void Nemesis::look_after_nodes() {
  for (auto& node : stage_.nodes) {
    run_again_where_needed(*node);
    if (node->stopped().ok() || !node->up() || restarting_[node->id()] == node->lives()) continue;
    restarting_[node->id()] = node->lives();
    if (!node->stopped_for_cause()) {
      stage_.world.checker.violation(
          "I19",
          "node " + to_string(node->id()) +
              " stopped by itself, and no fault gave it a reason: " + node->stopped().ToString());
      continue;
    }
    stage_.certainly_later(
        stage_.prng.between(std::chrono::milliseconds(10), std::chrono::milliseconds(3000)),
        [this, &each = *node, life = node->lives()] {
          if (each.up() && each.lives() == life) restart(each);
        });
  }
}

// As the node asks for, and whoever runs it does.
void Nemesis::empty_directory(NodeId id) {
  const auto node = std::ranges::find(stage_.nodes, id, &SimulatedNode::id);
  stage_.certainly_later(std::chrono::seconds(1), [this, &node = **node, life = (*node)->lives()] {
    if (!node.ready() || node.lives() != life) return;
    if (node.view().passive_reason != PassiveReason::kOtherGenesis) return;
    stage_.crash(node);
    stage_.atlas.lose(node);
    node.replace_disk({}, node.id());
    FaultStage::start(node);
  });
}

// Whoever was shut down after its removal, and is a member once more, is started with what it has.
void Nemesis::run_again_where_needed(SimulatedNode& node) {
  if (node.in_service() || node.up() || node.lives() == 0) return;
  if (!stage_.world.checker.is_needed(node.id())) return;
  node.set_in_service(true);
  node.start();
}

void Nemesis::restart(SimulatedNode& node) {
  stage_.prng.chance(0.5) ? stage_.kill(node) : stage_.crash(node);
  for (auto& family : families_) family->before_restart(node);
  FaultStage::start(node);
}

FaultCounts Nemesis::counts() {
  const FaultCounts own = stage_.struck;
  for (auto& family : families_) family->count_up();
  return std::exchange(stage_.struck, own);
}

void Nemesis::strike_later() {
  const Duration mean = stage_.plan.mean_between;
  stage_.later(stage_.prng.between(std::chrono::milliseconds(1), 2 * mean),
               [this] { strike_next(); });
}

// Each strike draws from a stream of its own: one that is left out does not move the moments of the
// others. Nor does a class that is taken away, since each strike is of the class that draws most.
void Nemesis::strike_next() {
  const std::uint64_t seed = mix(seed_ + ++moments_);
  const auto draw = [seed](Fault fault) { return mix(seed + static_cast<std::uint64_t>(fault)); };
  const Fault fault = *std::max_element(striking_.begin(), striking_.end(),
                                        [&](Fault a, Fault b) { return draw(a) < draw(b); });
  stage_.prng = Prng(seed);
  strike_later();
  const bool may = founded_ || (!may_cost_a_memory(fault) && !changes_members(fault));
  const auto& kept = stage_.world.options.strikes;
  const bool left_out = kept && std::find(kept->begin(), kept->end(), moments_) == kept->end();
  if (!may || left_out) return;
  strikes_.push_back({moments_, fault, stage_.world.scheduler.now()});
  if (stage_.world.tracing()) {
    stage_.world.tell(
        {.happening = Happening::kFault,
         .text = "strike " + std::to_string(moments_) + ": " + std::string(to_string(fault)),
         .number = moments_,
         .word = to_string(fault)});
  }
  strike(fault);
}

void Nemesis::strike(Fault fault) {
  for (auto& family : families_) {
    if (family->strike(fault)) return;
  }
}

}  // namespace synod::simulation
