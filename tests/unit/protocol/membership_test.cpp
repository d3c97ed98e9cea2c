#include "protocol/membership.hpp"

#include <gtest/gtest.h>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

class MembershipTest : public ::testing::Test {
 protected:
  MembershipTest() { membership_.found(genesis_of({1, 2, 3})); }

  bool extend(std::uint64_t known_to) {
    return membership_.extend(r(known_to), &state_, 64, why_);
  }

  LogState state_;
  Membership membership_;
  std::string why_;
};

TEST_F(MembershipTest, TheGenesisMapHoldsWhereTheStateNamesNoCluster) {
  ASSERT_TRUE(extend(8));
  EXPECT_EQ(membership_.known_to(), r(8));
  EXPECT_EQ(membership_.at(r(1)), membership_.at(r(8)));
  EXPECT_EQ(membership_.at(r(9)), nullptr);
  EXPECT_EQ(membership_.at(r(1))->members(), (std::vector{n(1), n(2), n(3)}));
}

TEST_F(MembershipTest, EachRoundHasTheClusterThatTheStateNames) {
  state_.clusters[r(5)] = std::make_shared<const Cluster>(cluster_of({1, 2, 4}));
  ASSERT_TRUE(extend(8));
  EXPECT_TRUE(membership_.at(r(4))->has_member(n(3)));
  EXPECT_FALSE(membership_.at(r(5))->has_member(n(3)));
  EXPECT_EQ(membership_.newest(), membership_.at(r(8)));
  // Node 4 was never admitted: it counts as dead.
  EXPECT_EQ(membership_.at(r(5))->bit_of(n(4), memory_of(4)), 0u);
  membership_.forget_below(r(6));
  EXPECT_EQ(membership_.at(r(4)), nullptr);
  EXPECT_NE(membership_.at(r(6)), nullptr);
}

TEST_F(MembershipTest, AReadmissionBindsFromItsRoundOn) {
  ASSERT_TRUE(extend(8));
  EXPECT_TRUE(membership_.readmit({n(3), memory_of(3), Incarnation(7)}, r(1), r(9)));
  EXPECT_EQ(membership_.last_chosen(n(3)), Incarnation(7));
  ASSERT_TRUE(extend(12));
  EXPECT_NE(membership_.at(r(8))->bit_of(n(3), memory_of(3)), 0u);
  EXPECT_EQ(membership_.at(r(8))->bit_of(n(3), Incarnation(7)), 0u);
  EXPECT_EQ(membership_.at(r(9))->bit_of(n(3), memory_of(3)), 0u);
  EXPECT_NE(membership_.at(r(9))->bit_of(n(3), Incarnation(7)), 0u);
  EXPECT_EQ(membership_.counts_from(n(3), Incarnation(7)), r(9));
  EXPECT_FALSE(membership_.counts_from(n(3), memory_of(3)).has_value());
  EXPECT_EQ(membership_.counts_from(n(1), memory_of(1)), r(1));
  EXPECT_FALSE(membership_.counts_from(n(4), Incarnation(0)).has_value());
}

// Nothing happens unless the expected memory is the last one chosen.
TEST_F(MembershipTest, AReadmissionThatExpectsAnotherMemoryHasNoEffect) {
  ASSERT_TRUE(extend(8));
  EXPECT_FALSE(membership_.readmit({n(3), Incarnation(6), Incarnation(7)}, r(1), r(9)));
  EXPECT_TRUE(membership_.readmit({n(4), Incarnation(0), Incarnation(8)}, r(1), r(9)));
  EXPECT_FALSE(membership_.readmit({n(4), Incarnation(0), Incarnation(9)}, r(1), r(10)));
  EXPECT_EQ(membership_.last_chosen(n(4)), Incarnation(8));
}

// Of a node that comes back again and again only what can still matter is kept.
TEST_F(MembershipTest, ChangesThatAnotherReplacedAreForgotten) {
  for (std::uint64_t i = 0; i < 20; ++i) {
    const RoundNum chosen = r(10 * i + 1);
    ASSERT_TRUE(extend(10 * i + 8));
    const Incarnation last = membership_.last_chosen(n(3));
    ASSERT_TRUE(membership_.readmit({n(3), last, Incarnation(500 + i)}, chosen, r(10 * i + 9)));
  }
  EXPECT_LE(membership_.changes().size(), 2u);
  EXPECT_FALSE(membership_.readmit({n(3), Incarnation(519), Incarnation(0)}, r(200), r(209)));
}

// H22: what need not intersect is refused, wherever it comes from.
TEST_F(MembershipTest, RefusesAClusterThatCannotBeOne) {
  Cluster bad = cluster_of({1, 2, 3, 4, 5});
  bad.policy = {2, 3};
  state_.clusters[r(5)] = std::make_shared<const Cluster>(bad);
  EXPECT_FALSE(extend(8));
  EXPECT_NE(why_, "");
}

TEST_F(MembershipTest, GoesOnFromASnapshot) {
  membership_.restart(r(20), genesis_of({1, 2, 3}), {{n(2), r(22), Incarnation(9)}});
  EXPECT_EQ(membership_.at(r(20)), nullptr);
  ASSERT_TRUE(extend(24));
  EXPECT_NE(membership_.at(r(21))->bit_of(n(2), memory_of(2)), 0u);
  EXPECT_NE(membership_.at(r(22))->bit_of(n(2), Incarnation(9)), 0u);
}

TEST_F(MembershipTest, AChangeInsideTheWindowIsABrokenInvariant) {
  ASSERT_TRUE(extend(8));
  EXPECT_DEATH((void)membership_.readmit({n(3), memory_of(3), Incarnation(7)}, r(1), r(8)), "window");
}

}  // namespace
}  // namespace synod::testing
