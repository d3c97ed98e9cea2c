// Times two sides of a comparison in turns, so that whatever disturbs one disturbs the other.
#pragma once

#include <chrono>

#include <benchmark/benchmark.h>

namespace synod::bench {

// For a benchmark with UseManualTime(): the first side is what it reports, the counter "ratio" is
// how many times the second side's time that is.
class RatioTimer {
 public:
  explicit RatioTimer(benchmark::State& state) : state_(state) {}
  ~RatioTimer() {
    state_.counters["floor_us"] = floor_ * 1e6 / static_cast<double>(state_.iterations());
    state_.counters["ratio"] = floor_ > 0 ? own_ / floor_ : 0;
  }
  RatioTimer(const RatioTimer&) = delete;
  RatioTimer& operator=(const RatioTimer&) = delete;

  template <class Own, class Floor>
  void once(Own own, Floor floor) {
    const auto begin = Clock::now();
    own();
    const auto middle = Clock::now();
    floor();
    const auto end = Clock::now();
    own_ += std::chrono::duration<double>(middle - begin).count();
    floor_ += std::chrono::duration<double>(end - middle).count();
    state_.SetIterationTime(std::chrono::duration<double>(middle - begin).count());
  }

 private:
  using Clock = std::chrono::steady_clock;

  benchmark::State& state_;
  double own_ = 0;
  double floor_ = 0;
};

}  // namespace synod::bench
