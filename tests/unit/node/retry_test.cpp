#include <synod/retry.hpp>

#include <gtest/gtest.h>

namespace synod {
namespace {

TEST(Retry, NeverMeansOneAttempt) {
  Prng prng(1);
  EXPECT_LT(do_not_retry()->pause(AppendError{}, 1, prng), Duration::zero());
}

TEST(Retry, BoundedTriesAtOnceUpToItsBound) {
  Prng prng(1);
  const auto policy = retry_bounded(3);
  EXPECT_EQ(policy->pause(AppendError{}, 1, prng), Duration::zero());
  EXPECT_EQ(policy->pause(AppendError{}, 2, prng), Duration::zero());
  EXPECT_LT(policy->pause(AppendError{}, 3, prng), Duration::zero());
}

TEST(Retry, BackOffDoublesItsBoundUpToTheLongest) {
  Prng prng(7);
  const auto policy = retry_with_back_off(Duration(100), Duration(1000), 1000);
  const std::int64_t bounds[] = {100, 200, 400, 800, 1000, 1000};
  for (std::uint32_t attempts = 1; attempts <= 6; ++attempts) {
    Duration longest = Duration::zero();
    for (int draw = 0; draw < 500; ++draw) {
      const Duration pause = policy->pause(AppendError{}, attempts, prng);
      ASSERT_GE(pause, Duration::zero());
      longest = std::max(longest, pause);
    }
    EXPECT_LE(longest.count(), bounds[attempts - 1]);
    EXPECT_GT(longest.count(), bounds[attempts - 1] * 9 / 10);
  }
  EXPECT_LT(policy->pause(AppendError{}, 1000, prng), Duration::zero());
}

TEST(Retry, UntilDeadlineNeverGivesUpByItself) {
  Prng prng(7);
  const auto policy = retry_until_deadline();
  EXPECT_GE(policy->pause(AppendError{}, 1'000'000, prng), Duration::zero());
}

}  // namespace
}  // namespace synod
