#include "simulation/faults/disk_faults.hpp"

namespace synod::simulation {
namespace {

constexpr Duration kHealthyDelayMax = std::chrono::milliseconds(2);

}  // namespace

void DiskFaultFamily::begin() {
  for (auto& node : stage_.nodes) node->disk_faults().delay_max = stage_.plan.disk_delay_max;
}

void DiskFaultFamily::heal() {
  for (auto& node : stage_.nodes) {
    if (stage_.heals(node->id())) node->disk_faults().delay_max = kHealthyDelayMax;
  }
}

bool DiskFaultFamily::strike(Fault /*fault*/) { return false; }

void DiskFaultFamily::count_up() {
  if (!stage_.plan.faults.has(Fault::kSlowDisk)) return;
  for (auto& node : stage_.nodes) stage_.count(Fault::kSlowDisk, node->syncs());
}

}  // namespace synod::simulation
