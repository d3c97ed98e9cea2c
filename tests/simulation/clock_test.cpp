// F18 to F22: no node reads a clock of the machine, and a clock that stops or runs wrong is borne.
#include <gtest/gtest.h>

#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <ctime>

#include <synod/simulation/cluster.hpp>
#include <synod/simulation/simulated_runtime.hpp>

namespace {
bool g_watched = false;
std::uint64_t g_reads = 0;

// Another year with every look.
timespec jumping(clockid_t id) {
  timespec time = {};
  syscall(SYS_clock_gettime, id, &time);
  if (!g_watched) return time;
  ++g_reads;
  const time_t years = static_cast<time_t>(g_reads) * 31'000'000;
  time.tv_sec += g_reads % 2 == 0 ? years : -years;
  return time;
}
}  // namespace

// The program's own, in front of those of the library: whoever asks for a time comes here.
extern "C" int clock_gettime(clockid_t id, timespec* time) noexcept {
  *time = jumping(id);
  return 0;
}
extern "C" int gettimeofday(timeval* time, void* /*zone*/) noexcept {
  const timespec now = jumping(CLOCK_REALTIME);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}
extern "C" time_t time(time_t* time) noexcept {
  const timespec now = jumping(CLOCK_REALTIME);
  if (time != nullptr) *time = now.tv_sec;
  return now.tv_sec;
}

namespace synod::simulation {
namespace {

using std::chrono::seconds;

TEST(WallClockTest, AWallClockThatJumpsByYearsHasNoEffectSinceNobodyReadsIt) {
  SimulationOptions options;
  options.seed = 11;
  options.entries = 100;
  const Report before = simulate(options);
  g_reads = 0;
  g_watched = true;
  const auto shown = std::chrono::system_clock::now();
  const std::uint64_t control = g_reads;
  const Report jumped = simulate(options);
  const std::uint64_t reads = g_reads;
  g_watched = false;
  EXPECT_NE(shown.time_since_epoch().count(), 0);
  EXPECT_EQ(control, 1u) << "reads are not seen at all";
  EXPECT_EQ(reads, control);
  EXPECT_EQ(jumped.trace_hash, before.trace_hash);
}

TEST(SimulatedRuntimeTest, AClockThatStoodStillGoesOnFromWhereItWas) {
  Scheduler scheduler;
  Lane lane;
  SimulatedRuntime runtime(scheduler, lane, {seconds(5), 0});
  Timestamp woken;
  runtime.on_wake([&] { woken = scheduler.now(); });
  const Timestamp suspended = runtime.now();
  runtime.wake_at(suspended.after(seconds(2)));
  scheduler.run_until(Timestamp(0).after(seconds(1)));
  const Timestamp stopped = runtime.now();
  scheduler.pause(lane);
  scheduler.run_until(Timestamp(0).after(seconds(60)));
  scheduler.resume(lane);
  runtime.set_clock(stopped);
  EXPECT_EQ(runtime.now(), stopped);
  scheduler.run_until(Timestamp(0).after(seconds(100)));
  // A second was left when it stopped.
  EXPECT_EQ(woken, Timestamp(0).after(seconds(61)));
}

}  // namespace
}  // namespace synod::simulation
