#include <synod/simulation/faults.hpp>

#include <algorithm>
#include <type_traits>

namespace synod::simulation {
namespace {

constexpr std::array<std::string_view, kFaultCount> kNames = {
    "loss", "duplication", "delay", "stragglers", "partition", "one-way",
    // Links.
    "bursts", "replay", "isolate-leader", "isolate-one", "minority", "leader-in-only",
    "leader-out-only", "one-way-pair", "chain", "ring", "star", "quorum-loss",
    "constrained-election", "one-link", "flapping", "clog", "swizzle", "bandwidth",
    "hostile-frames",
    // Clocks, voters, members, snapshots.
    "clock-rates", "suspend", "nay", "abstain", "throwing-voter", "join", "leave", "remove-leader",
    "swap", "shrink", "grow", "quorums", "two-changes", "window", "snapshot-cut",
    "snapshot-source-dies", "snapshot-newer", "snapshot-receiver-dies",
    // Nodes and disks.
    "crash", "crash-all", "pause", "wipe", "clock-drift", "slow-disk",
    // Disks.
    "unsynced", "torn", "rot", "rot-everywhere", "lost-write", "misdirected-write",
    "misdirected-read", "read-error", "write-error", "open-error", "rename-error", "sync-error",
    "sync-dead", "sync-lie", "disk-full", "sluggish-disk", "hung-disk",
    // Nodes.
    "crash-midway", "kill", "restart-storm", "long-pause", "old-backup", "slow-apply",
    "foreign-directory", "volume-rollback"};

bool find(std::string_view name, Fault& fault) {
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (kNames[i] == name) {
      fault = static_cast<Fault>(i);
      return true;
    }
  }
  return false;
}

// A share between 0 and `max` percent, more often small than large.
double share(Prng& prng, std::uint64_t max) {
  return static_cast<double>(prng.below(prng.below(max) + 1) + 1) / 100.0;
}

}  // namespace

bool strikes_at_moments(Fault fault) {
  switch (fault) {
    case Fault::kLoss:
    case Fault::kDuplication:
    case Fault::kDelay:
    case Fault::kStragglers:
    case Fault::kBursts:
    case Fault::kReplay:
    case Fault::kBandwidth:
    case Fault::kHostileFrames:
    case Fault::kClockRates:
    case Fault::kNay:
    case Fault::kAbstain:
    case Fault::kThrowingVoter:
    case Fault::kClockDrift:
    case Fault::kSlowDisk:
    case Fault::kUnsynced:
    case Fault::kTorn:
      return false;
    default:
      return true;
  }
}

bool changes_members(Fault fault) { return Fault::kJoin <= fault && fault <= Fault::kWindow; }

bool may_cost_a_memory(Fault fault) {
  switch (fault) {
    case Fault::kWipe:
    case Fault::kRot:
    case Fault::kRotEverywhere:
    case Fault::kLostWrite:
    case Fault::kMisdirectedWrite:
    case Fault::kMisdirectedRead:
    case Fault::kSyncLie:
    case Fault::kOldBackup:
    case Fault::kForeignDirectory:
    case Fault::kVolumeRollback:
      return true;
    default:
      return false;
  }
}

std::string_view to_string(Fault fault) { return kNames[static_cast<std::size_t>(fault)]; }

bool Faults::has_any(Fault first, Fault last) const {
  const auto begin = on_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = on_.begin() + static_cast<std::ptrdiff_t>(last) + 1;
  return std::find(begin, end, true) != end;
}

Faults Faults::everything() {
  Faults faults;
  faults.on_.fill(true);
  faults.set(Fault::kVolumeRollback, false);
  return faults;
}

std::string Faults::text() const {
  std::string text;
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (!on_[i]) continue;
    if (!text.empty()) text += ",";
    text += kNames[i];
  }
  return text.empty() ? "none" : text;
}

bool Faults::parse(std::string_view text) {
  Faults parsed;
  if (text == "all") parsed = everything();
  while (!text.empty() && text != "all" && text != "none") {
    const std::size_t comma = text.find(',');
    Fault fault = Fault::kLoss;
    if (!find(text.substr(0, comma), fault)) return false;
    parsed.set(fault);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  *this = parsed;
  return true;
}

FaultPlan draw_strengths(Prng& prng, const Faults& faults) {
  using std::chrono::microseconds;
  using std::chrono::milliseconds;
  // Everything is drawn, also for what is off: taking one class away leaves the others as they are.
  FaultPlan plan;
  plan.faults = faults;
  const double loss = share(prng, 40);
  const double duplication = share(prng, 50);
  const Duration mean = prng.between(milliseconds(1), milliseconds(100));
  const double stragglers = share(prng, 5);
  const Duration late = prng.between(milliseconds(500), milliseconds(30'000));
  plan.mean_between = prng.between(milliseconds(200), milliseconds(4000));
  plan.mean_length = prng.between(milliseconds(50), milliseconds(3000));
  const Duration slow = prng.between(milliseconds(20), milliseconds(800));
  const auto drift = static_cast<std::int64_t>(prng.below(10'000));
  const double bursts = share(prng, 3);
  const Duration burst = prng.between(milliseconds(20), milliseconds(2000));
  const double replays = share(prng, 20);
  const double mutations = share(prng, 10);
  const std::uint64_t bandwidth = 8'000 + prng.below(200'000);
  const double nay = share(prng, 30);
  const double abstain = share(prng, 40);
  const double throws = share(prng, 20);
  if (faults.has(Fault::kBursts)) {
    plan.network.bursts = bursts;
    plan.network.burst_length = burst;
  }
  if (faults.has(Fault::kReplay)) plan.network.replays = replays;
  if (faults.has(Fault::kHostileFrames)) plan.network.mutations = mutations;
  if (faults.has(Fault::kBandwidth)) plan.network.bytes_per_second = bandwidth;
  if (faults.has(Fault::kNay)) plan.nay = nay;
  if (faults.has(Fault::kAbstain)) plan.abstain = abstain;
  if (faults.has(Fault::kThrowingVoter)) plan.throws = throws;
  plan.sluggishness = static_cast<std::int64_t>(10 + prng.below(prng.below(990) + 1));
  plan.hang_max = prng.between(milliseconds(500), milliseconds(60'000));
  plan.pause_max = prng.between(milliseconds(10'000), milliseconds(180'000));
  plan.apply_max = prng.between(milliseconds(1), milliseconds(2000));
  plan.rotten_bytes_max = 1 + prng.below(64);
  if (faults.has(Fault::kLoss)) plan.network.loss = loss;
  if (faults.has(Fault::kDuplication)) plan.network.duplication = duplication;
  if (faults.has(Fault::kDelay)) plan.network.delay_mean = mean;
  if (faults.has(Fault::kStragglers)) {
    plan.network.stragglers = stragglers;
    plan.network.straggler_delay = late;
  }
  if (faults.has(Fault::kSlowDisk)) plan.disk_delay_max = slow;
  if (faults.has(Fault::kClockDrift)) plan.drift_ppm_max = drift;
  return plan;
}

Limits draw_limits(std::uint64_t seed, Limits limits) {
  Prng prng(seed);
  const bool small = prng.chance(0.5);
  // Each is drawn, also where it stays as it is: one more does not move the others.
  const auto shrink = [&](auto& limit, std::uint64_t least, std::uint64_t most) {
    const bool shrinks = prng.chance(0.4) && small;
    const std::uint64_t drawn = least + prng.below(most - least + 1);
    if (shrinks && drawn < limit) limit = static_cast<std::decay_t<decltype(limit)>>(drawn);
  };
  shrink(limits.window_max, 1, 8);
  shrink(limits.accepted_ahead_max, 64, 256);
  shrink(limits.batch_entries_max, 1, 4);
  shrink(limits.batch_bytes_max, 1, 256);
  shrink(limits.queue_entries_max, 2, 16);
  shrink(limits.reads_max, 1, 8);
  shrink(limits.retained_entries_max, 1, 64);
  shrink(limits.fetch_entries_max, 1, 8);
  shrink(limits.fetch_bytes_max, 1, 512);
  shrink(limits.promise_page_entries_max, 1, 4);
  shrink(limits.promise_page_bytes_max, 1, 256);
  shrink(limits.snapshot_chunk_bytes, 64, 4096);
  shrink(limits.lazy_bytes_max, 1, 4096);
  return limits;
}

FaultPlan draw_plan(Prng& prng, const Faults& allowed) {
  // After it a run has nothing more to show, so it is worth few of them.
  constexpr std::uint64_t kRotEverywhereOneIn = 12;
  Faults faults;
  const std::uint64_t rarity = 3 + prng.below(10);
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    const auto fault = static_cast<Fault>(i);
    bool on = prng.below(rarity) == 0;
    if (fault == Fault::kRotEverywhere) on = prng.below(kRotEverywhereOneIn) == 0 && on;
    faults.set(fault, on && allowed.has(fault));
  }
  return draw_strengths(prng, faults);
}

}  // namespace synod::simulation
