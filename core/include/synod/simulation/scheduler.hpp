// File: scheduler.hpp
//
// Virtual time: a queue of work ordered by moment and, within a moment, by the order in which it
// was asked for. One thread runs everything, so one seed gives one history.
#pragma once

#include <cstdint>
#include <vector>

#include <absl/functional/any_invocable.h>

#include <synod/types.hpp>

namespace synod::simulation {

using Work = absl::AnyInvocable<void()>;

// One node's share of the queue. What was queued for an earlier life of it is dropped; while it is
// paused everything that falls due waits, in order, until it goes on.
class Lane {
 public:
  [[nodiscard]] std::uint64_t life() const { return life_; }
  [[nodiscard]] bool paused() const { return paused_; }

 private:
  friend class Scheduler;
  struct Waiting {
    std::uint64_t life;
    Work work;
  };
  std::uint64_t life_ = 1;
  bool paused_ = false;
  std::vector<Waiting> waiting_;
};

class Scheduler {
 public:
  // True time, which no node sees: each has its own clock.
  [[nodiscard]] Timestamp now() const { return now_; }
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  // When the next piece of work is due; max() where there is none.
  [[nodiscard]] Timestamp next_due() const {
    return heap_.empty() ? Timestamp::max() : heap_.front().when;
  }
  // Pieces of work run so far.
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

  // Runs `work` at `when`, or now where that is past, but never inside this call.
  void at(Timestamp when, Work work) { push(when, nullptr, 0, std::move(work)); }
  // The same, unless the life of `lane` ends before.
  void at(Timestamp when, Lane& lane, Work work) { push(when, &lane, lane.life_, std::move(work)); }
  // The same, whichever life the lane then is in: for what comes from outside.
  void at_any_life(Timestamp when, Lane& lane, Work work) { push(when, &lane, 0, std::move(work)); }

  void pause(Lane& lane) { lane.paused_ = true; }
  void resume(Lane& lane);
  // Ends the lane's life: what it had queued never runs.
  void end_life(Lane& lane);

  // Runs what falls due up to `until`, and sets the time to it. Requires: what is run does not make
  // more work for the same moment for ever (at most a million pieces at one).
  void run_until(Timestamp until);
  // Runs the next piece of work; false where there is none.
  bool run_one();

 private:
  struct Slot {
    Lane* lane = nullptr;
    std::uint64_t life = 0;  // 0: any.
    Work work;
  };
  struct Due {
    Timestamp when;
    std::uint64_t sequence;
    std::uint32_t slot;
  };
  static bool later(const Due& a, const Due& b);
  void push(Timestamp when, Lane* lane, std::uint64_t life, Work work);

  Timestamp now_;
  std::uint64_t sequence_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t steps_before_now_ = 0;  // Before the present moment.
  std::vector<Due> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace synod::simulation
