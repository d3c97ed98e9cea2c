// Keeps a number of requests outstanding, and times each.
#pragma once

#include <algorithm>
#include <cstdint>

#include "allocation_count.hpp"
#include "cluster/histogram.hpp"
#include "cluster/process.hpp"

namespace synod::bench {

class ClosedLoop {
 public:
  void set(std::uint32_t outstanding) { wanted_ = outstanding; }
  // How many requests are to be begun now.
  [[nodiscard]] std::uint32_t missing() const { return wanted_ > begun_ ? wanted_ - begun_ : 0; }
  [[nodiscard]] std::uint32_t outstanding() const { return begun_; }
  void begin(std::uint32_t count = 1) { begun_ += count; }
  void end(std::int64_t began_at, std::int64_t now, bool ok) {
    --begun_;
    completed_ += ok ? 1 : 0;
    failed_ += ok ? 0 : 1;
    if (ok)
      latencies_.record(static_cast<std::uint64_t>(std::max<std::int64_t>(now - began_at, 0)));
  }
  [[nodiscard]] Sample sample() {
    Sample sample;
    sample.at = monotonic_now();
    sample.completed = completed_;
    sample.failed = failed_;
    sample.p50 = latencies_.quantile(0.5);
    sample.p99 = latencies_.quantile(0.99);
    sample.allocations = allocations();
    latencies_.clear();
    return sample;
  }

 private:
  std::uint32_t wanted_ = 0;
  std::uint32_t begun_ = 0;
  std::uint64_t completed_ = 0;
  std::uint64_t failed_ = 0;
  Histogram latencies_;
};

}  // namespace synod::bench
