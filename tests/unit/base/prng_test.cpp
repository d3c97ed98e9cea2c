#include <gtest/gtest.h>

#include <array>
#include <set>

#include <synod/prng.hpp>

namespace synod {
namespace {

TEST(Prng, ASeedReplays) {
  Prng a(7);
  Prng b(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(Prng(7).next(), Prng(8).next());
}

// Known draws: a seed must replay on any machine and in any later version.
TEST(Prng, DrawsAreTheSameForEver) {
  Prng prng(0);
  EXPECT_EQ(prng.next(), 11091344671253066420u);
  EXPECT_EQ(prng.next(), 13793997310169335082u);
}

TEST(Prng, BelowReachesEveryNumberBelowAndNoOther) {
  Prng prng(1);
  std::array<int, 7> seen = {};
  for (int i = 0; i < 7000; ++i) ++seen.at(prng.below(7));
  for (const int times : seen) EXPECT_GT(times, 800);
  EXPECT_EQ(prng.below(1), 0u);
}

TEST(Prng, BetweenIncludesBothEnds) {
  Prng prng(2);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(prng.between(Duration(-1), Duration(2)).count());
  EXPECT_EQ(seen, (std::set<std::int64_t>{-1, 0, 1, 2}));
  EXPECT_EQ(prng.between(Duration(5), Duration(5)), Duration(5));
  const Duration any = prng.between(Duration::min(), Duration::max());
  EXPECT_NE(any, prng.between(Duration::min(), Duration::max()));
}

TEST(Prng, ChanceFollowsItsProbability) {
  Prng prng(3);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) {
    hits += prng.chance(0.25) ? 1 : 0;
    EXPECT_FALSE(prng.chance(0));
    EXPECT_TRUE(prng.chance(1));
  }
  EXPECT_NEAR(hits, 2500, 200);
}

TEST(Prng, AForkDoesNotDisturb) {
  Prng a(4);
  Prng b(4);
  Prng fork_of_a = a.fork();
  (void)b.fork();
  for (int i = 0; i < 10; ++i) fork_of_a.next();
  EXPECT_EQ(a.next(), b.next());
  EXPECT_FALSE(a.entry_id().is_nil());
}

}  // namespace
}  // namespace synod
