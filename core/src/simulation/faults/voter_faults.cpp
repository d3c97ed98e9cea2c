#include "simulation/faults/voter_faults.hpp"

namespace synod::simulation {

void VoterFaults::begin() {
  for (auto& node : stage_.nodes) {
    node->moods().nay = stage_.plan.nay;
    node->moods().abstain = stage_.plan.abstain;
    node->moods().throws = stage_.plan.throws;
  }
}

void VoterFaults::heal() {
  for (auto& node : stage_.nodes) {
    if (stage_.heals(node->id())) node->moods().calm();
  }
}

void VoterFaults::count_up() {
  for (const auto& node : stage_.nodes) {
    stage_.count(Fault::kNay, node->moods().nays);
    stage_.count(Fault::kAbstain, node->moods().abstentions);
    stage_.count(Fault::kThrowingVoter, node->moods().thrown);
  }
}

}  // namespace synod::simulation
