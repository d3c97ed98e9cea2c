// Latencies in buckets that are at most 0.4% wide, so that recording one costs next to nothing.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace synod::bench {

class Histogram {
 public:
  void record(std::uint64_t nanoseconds) {
    ++buckets_[bucket_of(nanoseconds)];
    ++count_;
  }
  void clear() {
    buckets_.fill(0);
    count_ = 0;
  }
  // In nanoseconds; 0 where nothing was recorded.
  [[nodiscard]] std::uint64_t quantile(double part) const {
    std::uint64_t below = static_cast<std::uint64_t>(part * static_cast<double>(count_));
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      if (buckets_[i] > below) return start_of(i);
      below -= buckets_[i];
    }
    return 0;
  }

 private:
  static constexpr std::uint64_t kPerDoubling = 256;
  static constexpr std::size_t kBuckets = kPerDoubling * 34;

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < 2 * kPerDoubling) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 9;
    const std::uint64_t bucket = kPerDoubling * (shift + 1) + (value >> shift) - kPerDoubling;
    return std::min<std::size_t>(bucket, kBuckets - 1);
  }
  static std::uint64_t start_of(std::size_t bucket) {
    if (bucket < 2 * kPerDoubling) return bucket;
    const std::uint64_t shift = bucket / kPerDoubling - 1;
    return (bucket % kPerDoubling + kPerDoubling) << shift;
  }

  std::array<std::uint64_t, kBuckets> buckets_ = {};
  std::uint64_t count_ = 0;
};

}  // namespace synod::bench
