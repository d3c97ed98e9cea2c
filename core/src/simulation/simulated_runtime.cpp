#include <synod/simulation/simulated_runtime.hpp>

#include <utility>

namespace synod::simulation {
namespace {
constexpr std::int64_t kMillion = 1'000'000;
}

SimulatedRuntime::SimulatedRuntime(Scheduler& scheduler, Lane& lane, ClockDrift drift)
    : scheduler_(scheduler), lane_(lane), drift_(drift) {}

Timestamp SimulatedRuntime::local(Timestamp true_time) const {
  const std::int64_t elapsed = true_time.microseconds();
  // In two steps, so that a simulated year does not overflow.
  const std::int64_t gained =
      elapsed / kMillion * drift_.drift_ppm + elapsed % kMillion * drift_.drift_ppm / kMillion;
  return Timestamp(elapsed + gained + drift_.offset.count());
}

void SimulatedRuntime::set_clock(Timestamp shown) {
  drift_.offset += shown.since(now());
  if (armed_ == Timestamp::max()) return;
  // What is armed is due at another true moment now.
  const Timestamp deadline = std::exchange(armed_, Timestamp::max());
  wake_at(deadline);
}

Timestamp SimulatedRuntime::true_time(Timestamp local_time) const {
  if (local_time == Timestamp::max()) return Timestamp::max();
  const std::int64_t shown = local_time.microseconds() - drift_.offset.count();
  const std::int64_t rate = kMillion + drift_.drift_ppm;
  std::int64_t guess = shown / rate * kMillion + shown % rate * kMillion / rate;
  while (local(Timestamp(guess)) < local_time) ++guess;
  return Timestamp(guess);
}

void SimulatedRuntime::post(absl::AnyInvocable<void()> work) {
  scheduler_.at(scheduler_.now(), lane_, std::move(work));
}

void SimulatedRuntime::wake_at(Timestamp deadline) {
  // What is armed earlier wakes early, which is harmless and cheaper than arming anew.
  if (deadline >= armed_) return;
  armed_ = deadline;
  ++arming_;
  scheduler_.at(true_time(deadline), lane_, [this, arming = arming_] {
    if (arming != arming_) return;
    armed_ = Timestamp::max();
    waker_();
  });
}

}  // namespace synod::simulation
