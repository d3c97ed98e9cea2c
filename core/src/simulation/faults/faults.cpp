#include <synod/simulation/faults.hpp>

namespace synod::simulation {
namespace {

constexpr std::array<std::string_view, kFaultCount> kNames = {
    "loss",  "duplication", "delay", "stragglers", "partition",   "one-way",
    "crash", "crash-all",   "pause", "wipe",       "clock-drift", "slow-disk"};

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
    case Fault::kPartition:
    case Fault::kOneWay:
    case Fault::kCrash:
    case Fault::kCrashAll:
    case Fault::kPause:
    case Fault::kWipe:
      return true;
    default:
      return false;
  }
}

bool may_cost_a_memory(Fault fault) { return fault == Fault::kWipe; }

std::string_view to_string(Fault fault) { return kNames[static_cast<std::size_t>(fault)]; }

Faults Faults::everything() {
  Faults faults;
  faults.on_.fill(true);
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

FaultPlan draw_plan(Prng& prng, const Faults& allowed) {
  Faults faults;
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    const bool on = prng.below(3) == 0;
    faults.set(static_cast<Fault>(i), on && allowed.has(static_cast<Fault>(i)));
  }
  return draw_strengths(prng, faults);
}

}  // namespace synod::simulation
