#include "protocol/round_ring.hpp"

#include <map>

#include <gtest/gtest.h>
#include <synod/prng.hpp>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

TEST(RoundRing, FindsOnlyWhatItWasGiven) {
  RoundRing<int> ring(r(5));
  EXPECT_EQ(ring.find(r(5)), nullptr);
  ring.get(r(7)) = 70;
  ASSERT_NE(ring.find(r(7)), nullptr);
  EXPECT_EQ(*ring.find(r(7)), 70);
  for (const std::uint64_t absent : {0, 4, 5, 6, 8, 7 + 16, 1000}) {
    EXPECT_EQ(ring.find(r(absent)), nullptr) << absent;
  }
  EXPECT_EQ(ring.count(), 1u);
  EXPECT_EQ(ring.end(), r(8));
}

TEST(RoundRing, KeepsItsValuesWhenItGrows) {
  RoundRing<int> ring(r(13));
  for (std::uint64_t round = 13; round < 213; ++round) ring.get(r(round)) = static_cast<int>(round);
  for (std::uint64_t round = 13; round < 213; ++round) EXPECT_EQ(*ring.find(r(round)), round);
  EXPECT_EQ(ring.count(), 200u);
}

TEST(RoundRing, DropsBelowAndFrom) {
  RoundRing<int> ring;
  for (std::uint64_t round = 1; round <= 10; ++round) ring.get(r(round)) = 1;
  ring.drop_below(r(4));
  ring.drop_from(r(8));
  EXPECT_EQ(ring.first(), r(4));
  EXPECT_EQ(ring.end(), r(8));
  EXPECT_EQ(ring.count(), 4u);
  EXPECT_EQ(ring.find(r(3)), nullptr);
  EXPECT_EQ(ring.find(r(8)), nullptr);
  ring.drop_below(r(100));
  EXPECT_EQ(ring.count(), 0u);
  EXPECT_EQ(ring.end(), r(100));
}

TEST(RoundRing, AValueOfADroppedRoundDoesNotComeBack) {
  RoundRing<int> ring;
  ring.get(r(1)) = 9;
  ring.drop_below(r(2));
  EXPECT_EQ(ring.get(r(17)), 0);  // The same cell, sixteen rounds on.
}

TEST(RoundRing, AgreesWithAMap) {
  RoundRing<std::uint64_t> ring;
  std::map<std::uint64_t, std::uint64_t> model;
  Prng prng(7);
  std::uint64_t low = 1;
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t round = low + prng.below(300);
    switch (prng.below(8)) {
      case 0:
        low += prng.below(20);
        ring.drop_below(r(low));
        model.erase(model.begin(), model.lower_bound(low));
        break;
      case 1:
        ring.erase(r(round));
        model.erase(round);
        break;
      case 2:
        ring.drop_from(r(round));
        model.erase(model.lower_bound(round), model.end());
        break;
      default:
        ring.get(r(round)) = model[round] = prng.next();
    }
    const std::uint64_t asked = low + prng.below(300);
    const auto known = model.find(asked);
    const std::uint64_t* found = ring.find(r(asked));
    ASSERT_EQ(found != nullptr, known != model.end());
    if (found != nullptr) {
      ASSERT_EQ(*found, known->second);
    }
    ASSERT_EQ(ring.count(), model.size());
  }
}

TEST(RoundRingDeath, RefusesARoundBelowIt) {
  RoundRing<int> ring(r(5));
  EXPECT_DEATH((void)ring.get(r(4)), "below the ring");
}

}  // namespace
}  // namespace synod::testing
