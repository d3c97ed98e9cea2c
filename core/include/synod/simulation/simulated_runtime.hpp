// File: simulated_runtime.hpp
//
// The Runtime of one life of a simulated node: a queue and a number.
#pragma once

#include <synod/runtime.hpp>
#include <synod/simulation/scheduler.hpp>

namespace synod::simulation {

// How a node's monotonic clock runs: it shows `offset` at the beginning and gains `drift_ppm`
// microseconds in each second of true time.
struct ClockDrift {
  Duration offset = Duration::zero();
  std::int64_t drift_ppm = 0;
};

class SimulatedRuntime final : public Runtime {
 public:
  // Both outlive the runtime. Work that is queued when the lane's life ends never runs.
  SimulatedRuntime(Scheduler& scheduler, Lane& lane, ClockDrift drift);

  Timestamp now() override { return local(scheduler_.now()); }
  void post(absl::AnyInvocable<void()> work) override;
  void wake_at(Timestamp deadline) override;
  void on_wake(absl::AnyInvocable<void()> waker) override { waker_ = std::move(waker); }

  // The clock goes on from `shown`, as one that stood still does.
  void set_clock(Timestamp shown);

  [[nodiscard]] Timestamp local(Timestamp true_time) const;
  [[nodiscard]] const ClockDrift& drift() const { return drift_; }
  // The first true moment at which the node's clock shows at least `local_time`.
  [[nodiscard]] Timestamp true_time(Timestamp local_time) const;

 private:
  void arm();
  void go_off();

  Scheduler& scheduler_;
  Lane& lane_;
  ClockDrift drift_;
  absl::AnyInvocable<void()> waker_;
  Timestamp deadline_ = Timestamp::max();
  Timestamp armed_for_ = Timestamp::max();  // Never after `deadline_`.
  std::uint64_t arming_ = 0;
};

}  // namespace synod::simulation
