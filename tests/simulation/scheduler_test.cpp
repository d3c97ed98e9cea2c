#include <gtest/gtest.h>

#include <functional>
#include <string>

#include <synod/simulation/scheduler.hpp>
#include <synod/simulation/simulated_runtime.hpp>

namespace synod::simulation {
namespace {

TEST(SchedulerTest, WorkOfOneMomentKeepsItsOrder) {
  Scheduler scheduler;
  std::string order;
  scheduler.at(Timestamp(5), [&] { order += 'b'; });
  scheduler.at(Timestamp(5), [&] { order += 'c'; });
  scheduler.at(Timestamp(3), [&] { order += 'a'; });
  scheduler.run_until(Timestamp(5));
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(scheduler.now(), Timestamp(5));
}

// What a node that spins looks like here (seed 6188 of three nodes): a run that never ends.
TEST(SchedulerDeathTest, WorkThatMakesWorkForTheSameMomentForEverEnds) {
  Scheduler scheduler;
  std::function<void()> again = [&] { scheduler.at(scheduler.now(), [&] { again(); }); };
  scheduler.at(Timestamp(5), [&] { again(); });
  EXPECT_DEATH(scheduler.run_until(Timestamp(6)), "spins");
}

TEST(SchedulerTest, ALifeThatEndedIsNotDisturbedTheWorkFromOutsideIsDone) {
  Scheduler scheduler;
  Lane lane;
  std::string order;
  scheduler.at(Timestamp(1), lane, [&] { order += 'x'; });
  scheduler.at_any_life(Timestamp(2), lane, [&] { order += 'o'; });
  scheduler.end_life(lane);
  scheduler.run_until(Timestamp(9));
  EXPECT_EQ(order, "o");
}

TEST(SchedulerTest, APausedLaneCatchesUpInOrder) {
  Scheduler scheduler;
  Lane lane;
  std::string order;
  scheduler.at(Timestamp(1), lane, [&] { order += 'a'; });
  scheduler.at_any_life(Timestamp(2), lane, [&] { order += 'b'; });
  scheduler.pause(lane);
  scheduler.run_until(Timestamp(5));
  EXPECT_EQ(order, "");
  scheduler.resume(lane);
  scheduler.run_until(Timestamp(5));
  EXPECT_EQ(order, "ab");
}

TEST(SimulatedRuntimeTest, AClockThatDriftsWakesAtItsOwnTime) {
  Scheduler scheduler;
  Lane lane;
  SimulatedRuntime runtime(scheduler, lane, {std::chrono::seconds(5), -10'000});
  Timestamp woken;
  runtime.on_wake([&] { woken = runtime.now(); });
  const Timestamp deadline = runtime.now().after(std::chrono::seconds(3));
  runtime.wake_at(deadline);
  scheduler.run_until(Timestamp(3'000'000));
  EXPECT_EQ(woken, Timestamp());  // Its clock is slow.
  scheduler.run_until(Timestamp(4'000'000));
  EXPECT_EQ(woken, deadline);
}

}  // namespace
}  // namespace synod::simulation
