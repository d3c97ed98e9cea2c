#include <synod/simulation/scheduler.hpp>

#include <algorithm>
#include <utility>

#include <synod/check.hpp>

namespace synod::simulation {
namespace {

constexpr std::uint64_t kStepsAtOnceMax = 1'000'000;

}  // namespace

bool Scheduler::later(const Due& a, const Due& b) {
  return a.when != b.when ? a.when > b.when : a.sequence > b.sequence;
}

void Scheduler::push(Timestamp when, Lane* lane, std::uint64_t life, Work work) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Slot& taken = slots_[slot];
  taken.lane = lane;
  taken.life = life;
  taken.work = std::move(work);
  heap_.push_back(Due{std::max(when, now_), sequence_++, slot});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void Scheduler::resume(Lane& lane) {
  lane.paused_ = false;
  for (Lane::Waiting& each : std::exchange(lane.waiting_, {})) {
    push(now_, &lane, each.life, std::move(each.work));
  }
}

void Scheduler::end_life(Lane& lane) {
  ++lane.life_;
  lane.paused_ = false;
  // What came from outside while the lane was paused still comes, to the next life.
  for (Lane::Waiting& each : std::exchange(lane.waiting_, {})) {
    if (each.life == 0) push(now_, &lane, 0, std::move(each.work));
  }
}

bool Scheduler::run_one() {
  if (heap_.empty()) return false;
  std::pop_heap(heap_.begin(), heap_.end(), later);
  const Due due = heap_.back();
  heap_.pop_back();
  if (due.when > now_) steps_before_now_ = steps_;
  SYNOD_CHECK(steps_ - steps_before_now_ < kStepsAtOnceMax,
              "Time goes on: whoever has work for each moment, and never waits, spins.");
  now_ = due.when;
  // Taken out first: what it runs may take the slot, or move all of them.
  Slot& slot = slots_[due.slot];
  Lane* const lane = slot.lane;
  const std::uint64_t life = slot.life;
  Work work = std::move(slot.work);
  free_.push_back(due.slot);
  if (lane != nullptr && life != 0 && life != lane->life_) return true;
  if (lane != nullptr && lane->paused_) {
    lane->waiting_.push_back({life, std::move(work)});
    return true;
  }
  ++steps_;
  work();
  return true;
}

void Scheduler::run_until(Timestamp until) {
  while (!heap_.empty() && heap_.front().when <= until) run_one();
  if (until > now_) {
    now_ = until;
    steps_before_now_ = steps_;
  }
}

}  // namespace synod::simulation
