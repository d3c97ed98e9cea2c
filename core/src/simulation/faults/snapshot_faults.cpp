#include "simulation/faults/snapshot_faults.hpp"

#include <variant>

#include <synod/message.hpp>

namespace synod::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint8_t kStarveLayer = 2;
constexpr std::uint8_t kCutLayer = 3;
constexpr Duration kStarveMax = seconds(20);
// A transfer has some tens of chunks: each of them may be the one.
constexpr double kPerChunk = 0.06;
constexpr double kPerInstallation = 0.4;
// Longer than saving a snapshot and the checkpoint after it take.
constexpr Duration kInstallationMax = milliseconds(60);

}  // namespace

bool SnapshotFaults::strike(Fault fault) {
  if (fault < Fault::kSnapshotCut || fault > Fault::kSnapshotReceiver) return false;
  SimulatedNode& node = stage_.any_node();
  if (starving_ || !node.ready() || node.id() == stage_.leader().id()) return true;
  starving_ = true;
  cut_off(node.id(), true);
  stage_.world.trace(node.id(), "is left behind");
  const std::uint64_t kept = stage_.world.options.replica.limits.retained_entries_max;
  wait_until_behind(node, node.applied().plus(2 * kept + 16),
                    stage_.world.scheduler.now().after(kStarveMax));
  return true;
}

void SnapshotFaults::cut_off(NodeId node, bool is_cut) {
  for (const auto& other : stage_.nodes) {
    stage_.world.network.cut(node, other->id(), is_cut, kStarveLayer);
    stage_.world.network.cut(other->id(), node, is_cut, kStarveLayer);
  }
}

void SnapshotFaults::wait_until_behind(SimulatedNode& node, RoundNum until, Timestamp limit) {
  const bool behind = stage_.world.checker.settled_to() >= until;
  if (behind || stage_.world.scheduler.now() >= limit) {
    starving_ = false;
    return cut_off(node.id(), false);
  }
  stage_.later(milliseconds(50),
               [this, &node, until, limit] { wait_until_behind(node, until, limit); });
}

void SnapshotFaults::heal() { starving_ = false; }

void SnapshotFaults::on_delivery(NodeId to, const Received& received) {
  if (!stage_.on || !std::holds_alternative<SnapshotChunk>(received.message)) return;
  for (const Fault fault : {Fault::kSnapshotCut, Fault::kSnapshotSource, Fault::kSnapshotNewer,
                            Fault::kSnapshotReceiver}) {
    const bool strikes = stage_.plan.faults.has(fault) && stage_.prng.chance(kPerChunk);
    if (strikes) interrupt(fault, received.from, to);
  }
}

void SnapshotFaults::interrupt(Fault fault, NodeId from, NodeId to) {
  SimulatedNode& source = *stage_.nodes[from.value() - 1];
  if (fault == Fault::kSnapshotCut) {
    stage_.count(fault);
    stage_.world.network.cut(from, to, true, kCutLayer);
    stage_.later(stage_.length(),
                 [this, from, to] { stage_.world.network.cut(from, to, false, kCutLayer); });
  } else if (fault == Fault::kSnapshotNewer) {
    stage_.count(fault);
    stage_.later(Duration::zero(), [&source] {
      if (source.ready()) source.take_snapshot();
    });
  } else {
    crash_soon(fault, fault == Fault::kSnapshotSource ? from : to);
  }
}

void SnapshotFaults::crash_soon(Fault fault, NodeId id) {
  SimulatedNode& node = *stage_.nodes[id.value() - 1];
  stage_.later(stage_.prng.between(Duration::zero(), milliseconds(2)), [this, fault, &node] {
    if (!node.up() || !node.in_service()) return;
    stage_.count(fault);
    stage_.crash(node);
    stage_.start_later(node);
  });
}

void SnapshotFaults::on_event(NodeId id, const Event& event) {
  const bool strikes = stage_.on && std::holds_alternative<Installed>(event) &&
                       stage_.plan.faults.has(Fault::kSnapshotReceiver) &&
                       stage_.prng.chance(kPerInstallation);
  if (!strikes) return;
  stage_.later(stage_.prng.between(Duration::zero(), kInstallationMax),
               [this, id] { crash_soon(Fault::kSnapshotReceiver, id); });
}

}  // namespace synod::simulation
