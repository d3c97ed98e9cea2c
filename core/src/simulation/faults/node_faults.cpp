#include "simulation/faults/node_faults.hpp"

#include "simulation/faults/disk_audit.hpp"

namespace synod::simulation {

using std::chrono::milliseconds;

void NodeFaults::heal() {
  for (auto& node : stage_.nodes) {
    if (!stage_.heals(node->id())) continue;
    node->slow_apply(Duration::zero());
    node->disk().set_trap(0, TrapMoment::kBefore, nullptr);
    node->resume();
    if (put_aside_.contains(node->id()) && node->up()) stage_.crash(*node);
    if (node->up() || !node->in_service()) continue;
    before_restart(*node);
    node->start();
  }
}

void NodeFaults::count_up() {
  for (auto& node : stage_.nodes) stage_.count(Fault::kSlowApply, node->slow_applies());
}

bool NodeFaults::strike(Fault fault) {
  SimulatedNode& node = stage_.any_node();
  switch (fault) {
    case Fault::kPause:
      pause_for_a_while(node, fault, stage_.length());
      return true;
    case Fault::kLongPause:
      pause_for_a_while(node, fault,
                        stage_.prng.between(milliseconds(10'000), stage_.plan.pause_max));
      return true;
    case Fault::kSlowApply:
      apply_slowly(node);
      return true;
    case Fault::kWipe:
      wipe(node);
      return true;
    case Fault::kOldBackup:
    case Fault::kVolumeRollback:
      put_back_a_backup(node, fault);
      return true;
    case Fault::kForeignDirectory:
      mix_up_directories(node);
      return true;
    default:
      return strike_with_end(fault);
  }
}

// --- Crashes -------------------------------------------------------------------------------------

bool NodeFaults::strike_with_end(Fault fault) {
  SimulatedNode& node = stage_.any_node();
  switch (fault) {
    case Fault::kCrash:
      crash_for_a_while(node, fault);
      return true;
    case Fault::kCrashAll:
      for (auto& each : stage_.nodes) {
        if (each->in_service()) crash_for_a_while(*each, fault);
      }
      return true;
    case Fault::kCrashMidway:
      crash_midway(node);
      return true;
    case Fault::kKill:
      kill_for_a_while(node);
      return true;
    case Fault::kRestartStorm:
      storm();
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

void NodeFaults::kill_for_a_while(SimulatedNode& node) {
  if (!node.up()) return;
  stage_.count(Fault::kKill);
  stage_.kill(node);
  stage_.start_later(node);
}

void NodeFaults::crash_midway(SimulatedNode& node) {
  if (!node.up()) return;
  const auto moment = static_cast<TrapMoment>(stage_.prng.below(3));
  node.crash_midway(1 + stage_.prng.below(1 + stage_.prng.below(60)), moment, [this, &node] {
    stage_.count(Fault::kCrashMidway);
    stage_.workload.node_died(node.id());
    // Also where the faults ended meanwhile.
    stage_.certainly_later(stage_.length(), [&node] { FaultStage::start(node); });
  });
}

// Some nodes, a majority or all of them, crash several times, also while they start.
void NodeFaults::storm() {
  const std::size_t many = 1 + stage_.prng.below(stage_.nodes.size());
  const std::size_t first = stage_.prng.below(stage_.nodes.size());
  for (std::size_t i = 0; i < many; ++i) {
    SimulatedNode& node = *stage_.nodes[(first + i) % stage_.nodes.size()];
    crash_again(node, 2 + stage_.prng.below(6));
  }
}

void NodeFaults::crash_again(SimulatedNode& node, std::uint64_t times) {
  if (node.up()) {
    stage_.count(Fault::kRestartStorm);
    stage_.prng.chance(0.5) ? stage_.kill(node) : stage_.crash(node);
  }
  if (times == 0) return stage_.start_later(node);
  stage_.later(stage_.prng.between(Duration(1), milliseconds(100)), [this, &node, times] {
    FaultStage::start(node);
    stage_.later(stage_.prng.between(Duration(1), milliseconds(300)),
                 [this, &node, times] { crash_again(node, times - 1); });
  });
}

// --- Time ----------------------------------------------------------------------------------------

void NodeFaults::pause_for_a_while(SimulatedNode& node, Fault fault, Duration pause) {
  if (!node.up() || node.paused()) return;
  stage_.count(fault);
  node.pause();
  stage_.later(pause, [&node, life = node.lives()] {
    if (node.lives() == life) node.resume();
  });
}

void NodeFaults::apply_slowly(SimulatedNode& node) {
  node.slow_apply(stage_.plan.apply_max);
  stage_.later(2 * stage_.length(), [&node] { node.slow_apply(Duration::zero()); });
}

// --- Disks that are taken away -------------------------------------------------------------------

// The memories that are left must be able to form quorums. One that was readmitted may be lost
// again.
void NodeFaults::wipe(SimulatedNode& node) {
  if (put_aside_.contains(node.id()) || !stage_.atlas.may_lose(node)) return;
  stage_.atlas.lose(node);
  stage_.count(Fault::kWipe);
  if (node.up()) stage_.crash(node);
  node.replace_disk({}, node.id());
  stage_.start_later(node);
}

// The first strike at a node takes the copy, the second puts it back: file by file, which the
// journal notices, or as the volume that it was.
void NodeFaults::put_back_a_backup(SimulatedNode& node, Fault fault) {
  if (put_aside_.contains(node.id())) return;
  const auto backup = backups_.find(node.id());
  if (backup == backups_.end()) {
    backups_[node.id()] = node.disk().volume();
    return;
  }
  if (!stage_.atlas.may_lose(node)) return;
  stage_.atlas.lose(node);
  stage_.count(fault);
  if (node.up()) stage_.crash(node);
  if (fault == Fault::kVolumeRollback) {
    stage_.world.checker.on_rolled_back(node.id());
    node.roll_back(backup->second);
  } else {
    SimulatedDisk::Image copies;
    for (const auto& [name, file] : backup->second) copies[name] = file.content;
    node.replace_disk(copies, node.id());
  }
  backups_.erase(backup);
  stage_.start_later(node);
}

// A node must refuse to start in another node's directory; then it gets its own again.
void NodeFaults::mix_up_directories(SimulatedNode& node) {
  SimulatedNode& other = stage_.any_node();
  if (&other == &node || put_aside_.contains(node.id())) return;
  const SimulatedDisk::Image foreign = other.disk().image();
  if (!audit(foreign, other.id()).sound) return;
  if (node.up()) stage_.crash(node);
  stage_.count(Fault::kForeignDirectory);
  put_aside_[node.id()] = node.disk().volume();
  node.replace_disk(foreign, other.id());
  stage_.start_later(node);
}

void NodeFaults::before_restart(SimulatedNode& node) {
  const auto own = put_aside_.find(node.id());
  if (own == put_aside_.end()) return;
  node.roll_back(own->second);
  put_aside_.erase(own);
}

}  // namespace synod::simulation
