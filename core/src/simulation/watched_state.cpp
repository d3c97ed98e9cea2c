#include "simulation/watched_state.hpp"

namespace synod::simulation {

ApplyResult WatchedState::apply(RoundNum round, const Entry& entry) {
  applied_ = round;
  on_applied_(round, entry, std::nullopt);
  return state_->apply(round, entry);
}

void WatchedState::skip(RoundNum round, const Entry& entry, SkipReason reason) {
  applied_ = round;
  on_applied_(round, entry, reason);
  state_->skip(round, entry, reason);
}

std::shared_ptr<const Cluster> WatchedState::cluster_at(RoundNum round) const {
  std::shared_ptr<const Cluster> cluster = state_->cluster_at(round);
  checker_.on_cluster(node_, round, cluster);
  return cluster;
}

bool WatchedState::load(std::span<const std::byte> bytes) {
  checker_.on_state_loaded(node_);
  return state_->load(bytes);
}

void WatchedState::drop() { state_->drop(); }

}  // namespace synod::simulation
