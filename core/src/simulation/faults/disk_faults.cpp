#include "simulation/faults/disk_faults.hpp"

#include <algorithm>

namespace synod::simulation {
namespace {

using std::chrono::milliseconds;

constexpr Duration kHealthyDelayMax = milliseconds(2);
constexpr int kDrawsMax = 8;
// An audit reads a whole disk: so many strikes of one run are enough.
constexpr std::uint64_t kDamagesMax = 60;

bool strikes_disks(Fault fault) { return Fault::kUnsynced <= fault && fault <= Fault::kHungDisk; }

// A file that is not in its place yet: an audit cannot judge what it will be good for.
bool is_in_the_making(const std::string& name) { return name.ends_with(".new"); }

}  // namespace

void DiskFaultFamily::begin() {
  for (auto& node : stage_.nodes) {
    DiskFaults& faults = node->disk_faults();
    faults.delay_max = stage_.plan.disk_delay_max;
    faults.reorders = stage_.plan.faults.has(Fault::kUnsynced);
    faults.tears = stage_.plan.faults.has(Fault::kTorn);
  }
}

void DiskFaultFamily::heal() {
  for (auto& node : stage_.nodes) {
    if (!stage_.heals(node->id())) continue;
    end_sync_errors(*node);
    DiskFaults healthy;
    healthy.delay_max = kHealthyDelayMax;
    healthy.reorders = node->disk_faults().reorders;
    healthy.tears = node->disk_faults().tears;
    node->disk_faults() = healthy;
    node->disk().wake();
    if (node->up() && node->disk_failed()) stage_.crash(*node);
  }
}

void DiskFaultFamily::count_up() {
  const auto on = [this](Fault fault) { return stage_.plan.faults.has(fault); };
  for (auto& node : stage_.nodes) {
    const DiskCounts& counts = node->disk().counts();
    if (on(Fault::kSlowDisk)) stage_.count(Fault::kSlowDisk, node->syncs());
    if (on(Fault::kUnsynced)) stage_.count(Fault::kUnsynced, counts.lost_writes);
    if (on(Fault::kTorn)) stage_.count(Fault::kTorn, counts.torn_writes);
    stage_.count(Fault::kMisdirectedRead, counts.misread);
    stage_.count(Fault::kReadError, counts.read_errors);
    stage_.count(Fault::kWriteError, counts.write_errors);
    stage_.count(Fault::kOpenError, counts.open_errors);
    stage_.count(Fault::kRenameError, counts.rename_errors);
    stage_.count(Fault::kDiskFull, counts.refused);
  }
}

bool DiskFaultFamily::strike(Fault fault) {
  SimulatedNode& node = stage_.any_node();
  // What happens to another node's directory says nothing about this one's memory.
  if (!node.has_its_own_disk()) return strikes_disks(fault);
  switch (fault) {
    case Fault::kDiskFull:
      fill_up(node);
      return true;
    case Fault::kSluggishDisk:
      slow_down(node);
      return true;
    case Fault::kHungDisk:
      hang(node);
      return true;
    case Fault::kRotEverywhere:
      rot_everywhere();
      return true;
    case Fault::kMisdirectedRead:
      misread(node);
      return true;
    default:
      return strike_with_error(fault, node) || strike_with_damage(fault, node);
  }
}

void DiskFaultFamily::crash_for_a_while(SimulatedNode& node) {
  if (node.up()) stage_.crash(node);
  stage_.start_later(node);
}

// --- Errors --------------------------------------------------------------------------------------

// Reads happen at starts only, so one is needed.
bool DiskFaultFamily::strike_with_error(Fault fault, SimulatedNode& node) {
  DiskFaults& faults = node.disk_faults();
  switch (fault) {
    case Fault::kReadError:
      faults.read_errors = 1 + stage_.prng.below(3);
      crash_for_a_while(node);
      return true;
    case Fault::kWriteError:
      faults.write_errors = 1;
      return true;
    case Fault::kOpenError:
      faults.open_errors = 1;
      return true;
    case Fault::kRenameError:
      faults.rename_errors = 1;
      return true;
    case Fault::kSyncError:
    case Fault::kSyncDead:
    case Fault::kSyncLie:
      fail_syncs(fault, node);
      return true;
    default:
      return false;
  }
}

void DiskFaultFamily::fail_syncs(Fault fault, SimulatedNode& node) {
  if (failing_.contains(node.id())) return;
  failing_[node.id()] = {fault, node.disk().counts().sync_errors};
  node.disk_faults().sync_errors = fault == Fault::kSyncDead ? kForGood : 1;
  stage_.world.tell(Happening::kDiskFault, node.id(), "cannot sync");
  stage_.later(2 * stage_.length(), [this, &node] { end_sync_errors(node); });
}

void DiskFaultFamily::end_sync_errors(SimulatedNode& node) {
  const auto failing = failing_.find(node.id());
  if (failing == failing_.end()) return;
  node.disk_faults().sync_errors = 0;
  stage_.count(failing->second.fault,
               node.disk().counts().sync_errors - failing->second.failed_before);
  failing_.erase(failing);
}

// After a sync that lied, the process reads from the cache what is not on the disk; then the power
// fails.
void DiskFaultFamily::before_restart(SimulatedNode& node) {
  const auto failing = failing_.find(node.id());
  const bool lies = failing != failing_.end() && failing->second.fault == Fault::kSyncLie;
  if (!lies) return;
  end_sync_errors(node);
  stage_.later(stage_.length(), [this, &node] { crash_for_a_while(node); });
}

void DiskFaultFamily::fill_up(SimulatedNode& node) {
  DiskFaults& faults = node.disk_faults();
  if (faults.capacity.has_value()) return;
  faults.capacity = node.disk().used() + stage_.prng.below(stage_.prng.below(64u << 10) + 1);
  stage_.world.tell(Happening::kDiskFault, node.id(), "has no space left");
  stage_.later(4 * stage_.length(), [this, &node] {
    node.disk_faults().capacity.reset();
    stage_.world.tell(Happening::kDiskMended, node.id(), "has space again");
  });
}

void DiskFaultFamily::slow_down(SimulatedNode& node) {
  stage_.count(Fault::kSluggishDisk);
  node.disk_faults().delay_min = kHealthyDelayMax / 4 * stage_.plan.sluggishness;
  node.disk_faults().delay_max = kHealthyDelayMax * stage_.plan.sluggishness;
  stage_.later(2 * stage_.length(), [this, &node] {
    node.disk_faults().delay_min = Duration::zero();
    node.disk_faults().delay_max = stage_.plan.disk_delay_max;
  });
}

void DiskFaultFamily::hang(SimulatedNode& node) {
  if (node.disk_faults().hung) return;
  stage_.count(Fault::kHungDisk);
  stage_.world.tell(Happening::kDiskFault, node.id(), "its disk hangs");
  node.disk_faults().hung = true;
  stage_.later(stage_.prng.between(milliseconds(100), stage_.plan.hang_max), [this, &node] {
    stage_.world.tell(Happening::kDiskMended, node.id(), "its disk goes on");
    node.disk().wake();
  });
}

// --- Damage --------------------------------------------------------------------------------------

bool DiskFaultFamily::strike_with_damage(Fault fault, SimulatedNode& node) {
  const bool rots = fault == Fault::kRot;
  const bool misplaced = fault == Fault::kMisdirectedWrite;
  if (!rots && !misplaced && fault != Fault::kLostWrite) return false;
  if (++damages_ > kDamagesMax) return true;
  stage_.settle_disk(node);
  // Copied once: whole disks are most of what a strike costs.
  const SimulatedDisk::Image image = node.disk().image();
  const DiskVerdict was = audit(image, node.id());
  for (int draw = 0; draw < kDrawsMax; ++draw) {
    std::vector<Damage> damages;
    if (rots) {
      damages.push_back(draw_rot(stage_.prng, image, stage_.plan.rotten_bytes_max));
    } else {
      damages = draw_lost_write(node, image, misplaced);
    }
    if (!damage(node, image, was, damages)) continue;
    stage_.count(fault);
    stage_.world.tell(Happening::kDiskFault, node.id(),
                      std::string(to_string(fault)) + " in " + damages.front().name);
    // Found at the next start; it may also wait for one that comes by itself.
    if (stage_.prng.chance(0.5)) {
      stage_.later(stage_.length(), [this, &node] { crash_for_a_while(node); });
    }
    return true;
  }
  return true;
}

// False, and nothing is changed, where it changes nothing, where no journal could notice it, and
// where the cluster cannot afford it.
bool DiskFaultFamily::damage(SimulatedNode& node, const SimulatedDisk::Image& before,
                             const DiskVerdict& was, const std::vector<Damage>& damages) {
  if (damages.empty() || damages.front().name.empty()) return false;
  // What the start under way, or the next one, has misread would have shown beside what is there
  // now.
  const bool loading = node.up() && !node.ready();
  if (loading || node.disk().will_misread()) return false;
  SimulatedDisk::Image after = before;
  for (const Damage& each : damages) apply(each, after);
  const std::uint64_t changed = changed_bytes(before, after);
  if (changed == 0) return false;
  const DiskVerdict found = audit(after, node.id());
  if (!is_noticed(was, found)) return false;
  const bool loses = (was.whole && !found.whole) || (was.sound && !found.sound);
  if (loses) {
    if (!stage_.atlas.is_at_risk(node) && !stage_.atlas.may_lose(node)) return false;
    stage_.atlas.lose(node);
  }
  for (const Damage& each : damages) {
    node.disk().overwrite(each.name, each.offset, each.bytes);
  }
  node.note_damage(changed);
  return true;
}

// A write from some time ago never reached its place, although its sync succeeded.
std::vector<Damage> DiskFaultFamily::draw_lost_write(SimulatedNode& node,
                                                     const SimulatedDisk::Image& image,
                                                     bool lands_elsewhere) {
  std::vector<std::string> names = node.disk().names();
  std::erase_if(names, [&node](const std::string& name) {
    return is_in_the_making(name) || node.disk().past_writes(name).size() < 2;
  });
  if (names.empty()) return {};
  const std::string& name = names[stage_.prng.below(names.size())];
  const auto& past = node.disk().past_writes(name);
  const SimulatedDisk::PastWrite& lost = past[stage_.prng.below(past.size() - 1)];
  std::vector<Damage> damages = {{name, lost.offset, lost.before}};
  if (!lands_elsewhere) return damages;
  constexpr std::uint64_t kSector = 512;
  std::vector<std::string> all = node.disk().names();
  std::erase_if(all, is_in_the_making);
  Damage stray;
  stray.name = all[stage_.prng.below(all.size())];
  const std::uint64_t size = image.at(stray.name).size();
  stray.offset = stage_.prng.below(size / kSector + 1) * kSector;
  if (stray.offset >= size) return {};
  const auto from = image.at(name).begin() + static_cast<std::ptrdiff_t>(lost.offset);
  const std::uint64_t room = std::min<std::uint64_t>(lost.before.size(), size - stray.offset);
  stray.bytes.assign(from, from + static_cast<std::ptrdiff_t>(room));
  damages.push_back(std::move(stray));
  return damages;
}

// Once: what is left cannot go on, and the run shows that it says so.
void DiskFaultFamily::rot_everywhere() {
  if (rotted_everywhere_ || !stage_.atlas.none_at_risk()) return;
  for (SimulatedNode* node : stage_.atlas.too_many(stage_.prng)) {
    if (node->up()) stage_.crash(*node);
    stage_.settle_disk(*node);
    for (int draw = 0; draw < 10 * kDrawsMax; ++draw) {
      const SimulatedDisk::Image before = node->disk().image();
      const Damage rot = draw_rot(stage_.prng, before, stage_.plan.rotten_bytes_max);
      if (rot.name.empty()) break;
      SimulatedDisk::Image after = before;
      apply(rot, after);
      if (audit(after, node->id()).sound) continue;
      if (!is_noticed(audit(before, node->id()), audit(after, node->id()))) continue;
      node->disk().overwrite(rot.name, rot.offset, rot.bytes);
      node->note_damage(changed_bytes(before, after));
      stage_.atlas.lose(*node);
      stage_.count(Fault::kRotEverywhere);
      break;
    }
    stage_.start_later(*node);
  }
  rotted_everywhere_ = true;
}

void DiskFaultFamily::misread(SimulatedNode& node) {
  if (++damages_ > kDamagesMax) return;
  if (node.up()) stage_.crash(node);
  stage_.settle_disk(node);
  const SimulatedDisk::Image image = node.disk().image();
  const DiskVerdict was = audit(image, node.id());
  for (int draw = 0; draw < kDrawsMax; ++draw) {
    const Damage other = draw_misread(stage_.prng, image);
    if (other.name.empty()) break;
    SimulatedDisk::Image seen = image;
    apply(other, seen);
    const DiskVerdict found = audit(seen, node.id());
    if (seen == image || !is_noticed(was, found)) continue;
    if (was.sound && !found.sound) {
      if (!stage_.atlas.may_lose(node)) continue;
      stage_.atlas.lose(node);
    }
    stage_.world.tell(Happening::kDiskFault, node.id(),
                      "will misread " + other.name + (found.sound ? "" : ", and notice"));
    node.disk().misread(other.name, other.bytes);
    break;
  }
  stage_.start_later(node);
}

}  // namespace synod::simulation
