#include <gtest/gtest.h>

#include <synod/simulation/list_state.hpp>

namespace synod::simulation {
namespace {

Entry told(const std::string& text) {
  Entry entry;
  entry.id = {0, 1};
  entry.kind = EntryKind::kState;
  entry.payload = Payload::copy_of(text);
  return entry;
}

Cluster of(std::initializer_list<std::uint64_t> ids) {
  Cluster cluster;
  for (const std::uint64_t id : ids) cluster.members.push_back(Member{.id = NodeId(id)});
  return cluster;
}

TEST(ListStateTest, AChangeOfMembersBindsAboveEveryWindowSoFar) {
  ListState state(4);
  (void)state.apply(RoundNum(1), told(ListState::command(of({1, 2, 5}))));
  // Rounds up to 4 were in the window before.
  EXPECT_EQ(state.cluster_at(RoundNum(4)), nullptr);
  ASSERT_NE(state.cluster_at(RoundNum(5)), nullptr);
  EXPECT_EQ(*state.cluster_at(RoundNum(5)), of({1, 2, 5}));
  EXPECT_EQ(state.concurrency(), 4u);
}

TEST(ListStateTest, TwoChangesInTheWindowBindOneAfterTheOther) {
  ListState state(4);
  (void)state.apply(RoundNum(1), told(ListState::command(of({1, 2}))));
  (void)state.apply(RoundNum(2), told(ListState::command(of({3}))));
  EXPECT_EQ(*state.cluster_at(RoundNum(5)), of({1, 2}));
  EXPECT_EQ(*state.cluster_at(RoundNum(6)), of({3}));
}

TEST(ListStateTest, AWindowGrowsAtOnceAndShrinksWithTheRounds) {
  ListState state(1);
  (void)state.apply(RoundNum(1), told(ListState::command(8)));
  EXPECT_EQ(state.concurrency(), 8u);
  (void)state.apply(RoundNum(2), told(ListState::command(2)));
  // Round 9 is open already: the end of the window never falls.
  for (std::uint64_t round = 3; round <= 7; ++round) {
    EXPECT_EQ(state.concurrency(), 10 - round) << round;
    state.skip(RoundNum(round), told("x"), SkipReason::kNoop);
  }
  state.skip(RoundNum(8), told("x"), SkipReason::kNoop);
  EXPECT_EQ(state.concurrency(), 2u);
}

TEST(ListStateTest, WeightsAndPolicyAreRead) {
  Cluster cluster = of({1, 2, 3});
  cluster.members[1].weight = 3;
  cluster.policy = {4, 2};
  EXPECT_EQ(ListState::command(cluster), "members 1 2*3 3 quorums 4/2");
  ListState state(1);
  (void)state.apply(RoundNum(1), told(ListState::command(cluster)));
  EXPECT_EQ(*state.cluster_at(RoundNum(2)), cluster);
}

TEST(ListStateTest, WhatIsNoSoundCommandIsAnItem) {
  for (const char* const text :
       {"members", "members x", "members 1 1", "members 1 quorums 0/9", "members 1*0", "window",
        "window 0", "window 99999999999999999999", "members 1 2 quorums 1/1", "e17", ""}) {
    ListState state(3);
    (void)state.apply(RoundNum(1), told(text));
    EXPECT_EQ(state.cluster_at(RoundNum(4)), nullptr) << text;
    EXPECT_EQ(state.concurrency(), 3u) << text;
    EXPECT_EQ(state.items().size(), 1u);
  }
}

TEST(ListStateTest, ASnapshotCarriesMembersAndWindow) {
  ListState state(2);
  (void)state.apply(RoundNum(1), told(ListState::command(of({4, 5}))));
  (void)state.apply(RoundNum(2), told(ListState::command(8)));
  Bytes bytes;
  ASSERT_TRUE(state.save(bytes));
  ListState copy(2);
  ASSERT_TRUE(copy.load(bytes));
  EXPECT_EQ(copy.items(), state.items());
  EXPECT_EQ(copy.concurrency(), 8u);
  EXPECT_EQ(copy.cluster_at(RoundNum(2)), nullptr);
  EXPECT_EQ(*copy.cluster_at(RoundNum(3)), of({4, 5}));
  bytes.pop_back();
  EXPECT_FALSE(copy.load(bytes));
}

}  // namespace
}  // namespace synod::simulation
