#include <synod/retry.hpp>

#include <algorithm>
#include <limits>

namespace synod {
namespace {

constexpr Duration kGiveUp = Duration(-1);

class BackOff final : public RetryPolicy {
 public:
  BackOff(Duration first, Duration longest, std::uint32_t attempts_max)
      : first_(first), longest_(longest), attempts_max_(attempts_max) {}

  Duration pause(const AppendError&, std::uint32_t attempts, Prng& prng) override {
    if (attempts >= attempts_max_) {
      return kGiveUp;
    }
    Duration bound = std::min(first_, longest_);
    for (std::uint32_t i = 1; i < attempts && bound < longest_; ++i) {
      bound = std::min(bound * 2, longest_);
    }
    return bound.count() > 0 ? prng.between(Duration::zero(), bound) : Duration::zero();
  }

 private:
  Duration first_;
  Duration longest_;
  std::uint32_t attempts_max_;
};

}  // namespace

std::shared_ptr<RetryPolicy> do_not_retry() { return retry_bounded(1); }

std::shared_ptr<RetryPolicy> retry_bounded(std::uint32_t attempts) {
  return retry_with_back_off(Duration::zero(), Duration::zero(), attempts);
}

std::shared_ptr<RetryPolicy> retry_with_back_off(Duration first, Duration longest,
                                                 std::uint32_t attempts) {
  return std::make_shared<BackOff>(first, longest, attempts);
}

std::shared_ptr<RetryPolicy> retry_until_deadline(Duration first, Duration longest) {
  return retry_with_back_off(first, longest, std::numeric_limits<std::uint32_t>::max());
}

}  // namespace synod
