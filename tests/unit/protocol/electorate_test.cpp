#include "protocol/electorate.hpp"

#include <bit>

#include <gtest/gtest.h>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

TEST(Electorate, AMajorityIsMoreThanHalf) {
  for (std::uint64_t size = 1; size <= 9; ++size) {
    std::vector<std::uint64_t> ids;
    for (std::uint64_t id = 1; id <= size; ++id) ids.push_back(id);
    const ElectoratePtr electorate = electorate_of(ids);
    for (AcceptorSet set = 0; set < AcceptorSet{1} << size; ++set) {
      const bool majority = 2 * static_cast<std::uint64_t>(std::popcount(set)) > size;
      ASSERT_EQ(electorate->is_phase1_quorum(set), majority) << size << " " << set;
      ASSERT_EQ(electorate->is_phase2_quorum(set), majority) << size << " " << set;
      ASSERT_EQ(electorate->can_reach_phase2(electorate->all() & ~set), majority);
    }
  }
}

// Decision 7: a vote counts only with the memory that is in force.
TEST(Electorate, OnlyTheMemoryInForceCounts) {
  const ElectoratePtr electorate = electorate_of({3, 1, 2});
  EXPECT_EQ(electorate->bit_of(n(1), memory_of(1)), 1u);
  EXPECT_EQ(electorate->bit_of(n(3), memory_of(3)), 4u);
  EXPECT_EQ(electorate->bit_of(n(1), memory_of(2)), 0u);
  EXPECT_EQ(electorate->bit_of(n(1), Incarnation(0)), 0u);
  EXPECT_EQ(electorate->bit_of(n(4), memory_of(4)), 0u);
}

TEST(Electorate, AMemberThatWasNeverAdmittedIsDead) {
  const auto cluster = std::make_shared<const Cluster>(cluster_of({1, 2, 3}));
  const Electorate electorate(cluster, [](NodeId id) {
    return id == n(3) ? Incarnation(0) : memory_of(id.value());
  });
  EXPECT_EQ(electorate.bit_of(n(3), Incarnation(0)), 0u);
  EXPECT_TRUE(electorate.can_reach_phase1(0));
  EXPECT_FALSE(electorate.can_reach_phase1(1));
  EXPECT_EQ(electorate.losses_stood(0), 0);
  EXPECT_EQ(electorate.losses_stood(1), -1);
}

TEST(Electorate, OnlyAcceptorsCount) {
  Cluster cluster = cluster_of({1, 2, 3, 4});
  cluster.members[3].roles = {.propose = true, .accept = false, .learn = true};
  const ElectoratePtr electorate = electorate_of(cluster);
  EXPECT_EQ(electorate->bit_of(n(4), memory_of(4)), 0u);
  EXPECT_TRUE(electorate->is_phase1_quorum(0b011));
  EXPECT_EQ(electorate->acceptors().size(), 3u);
  EXPECT_EQ(electorate->members().size(), 4u);
  EXPECT_TRUE(electorate->has_member(n(4)));
}

struct PolicyCase {
  std::vector<std::uint32_t> weights;
  QuorumPolicy policy;
  AcceptorSet set;
  bool phase1;
  bool phase2;
};

TEST(Electorate, WeightsAndFlexibleQuorums) {
  const std::vector<PolicyCase> cases = {
      {{3, 1, 1}, {}, 0b001, true, true},
      {{3, 1, 1}, {}, 0b110, false, false},
      {{1, 1, 1, 1, 1}, {4, 2}, 0b00011, false, true},
      {{1, 1, 1, 1, 1}, {4, 2}, 0b01111, true, true},
      {{1, 1, 1, 1, 1}, {4, 2}, 0b00001, false, false},
      {{2, 2, 3}, {5, 3}, 0b100, false, true},
      {{2, 2, 3}, {5, 3}, 0b101, true, true},
  };
  for (const PolicyCase& each : cases) {
    Cluster cluster;
    cluster.policy = each.policy;
    for (std::size_t i = 0; i < each.weights.size(); ++i) {
      cluster.members.push_back({.id = n(i + 1), .weight = each.weights[i]});
    }
    const ElectoratePtr electorate = electorate_of(cluster);
    EXPECT_EQ(electorate->is_phase1_quorum(each.set), each.phase1);
    EXPECT_EQ(electorate->is_phase2_quorum(each.set), each.phase2);
  }
}

TEST(Electorate, SaysHowManyMoreLossesItStands) {
  const ElectoratePtr five = electorate_of({1, 2, 3, 4, 5});
  EXPECT_EQ(five->losses_stood(0), 2);
  EXPECT_EQ(five->losses_stood(0b00011), 0);
  EXPECT_EQ(five->losses_stood(0b00111), -1);
  EXPECT_EQ(five->ids(0b10010), (std::vector{n(2), n(5)}));
}

// H22: the two phases of a round always share an acceptor.
TEST(ElectorateDeath, RefusesQuorumsThatNeedNotIntersect) {
  Cluster cluster = cluster_of({1, 2, 3, 4, 5});
  cluster.policy = {2, 3};
  EXPECT_NE(refusal(cluster, 64), "");
  EXPECT_DEATH((void)electorate_of(cluster), "need not intersect");
}

}  // namespace
}  // namespace synod::testing
