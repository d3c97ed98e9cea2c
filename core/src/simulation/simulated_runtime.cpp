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
  // What is armed is due at another true moment now.
  arm();
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
  deadline_ = deadline;
  // What is armed earlier is armed anew when it goes off: deadlines move with every turn.
  if (deadline < armed_for_) arm();
}

void SimulatedRuntime::arm() {
  armed_for_ = deadline_;
  ++arming_;
  if (deadline_ == Timestamp::max()) return;
  scheduler_.at(true_time(deadline_), lane_, [this, arming = arming_] {
    if (arming == arming_) go_off();
  });
}

void SimulatedRuntime::go_off() {
  armed_for_ = Timestamp::max();
  if (now() < deadline_) return arm();
  deadline_ = Timestamp::max();
  waker_();
}

}  // namespace synod::simulation
