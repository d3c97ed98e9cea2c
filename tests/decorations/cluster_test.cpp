// Whole nodes: replica, runner and decorations over a small world.
#include <gtest/gtest.h>
#include <synod/decorations/catch_up.hpp>
#include <synod/decorations/delegation.hpp>
#include <synod/decorations/heartbeats.hpp>
#include <synod/decorations/track_leadership.hpp>

#include "support/small_cluster.hpp"

namespace synod::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The decorations of one node, as long as it runs.
struct Set {
  TrackLeadership* leadership = nullptr;
  Delegation* delegation = nullptr;
  Heartbeats* heartbeats = nullptr;
  CatchUp* catch_up = nullptr;
};

class DecoratedClusterTest : public ::testing::Test {
 protected:
  SmallCluster::Decorations decorate(NodeId node) {
    Set& set = sets[node.value()];
    auto leadership = std::make_unique<TrackLeadership>();
    auto heartbeats = std::make_unique<Heartbeats>(*leadership);
    auto catch_up = std::make_unique<CatchUp>(catch_up_options);
    auto delegation = std::make_unique<Delegation>(*leadership);
    set = {leadership.get(), delegation.get(), heartbeats.get(), catch_up.get()};
    SmallCluster::Decorations decorations;
    decorations.push_back(std::move(leadership));
    decorations.push_back(std::move(heartbeats));
    decorations.push_back(std::move(catch_up));
    decorations.push_back(std::move(delegation));
    return decorations;
  }
  // All run and vote, and `leader` leads.
  void start(std::uint64_t leader) {
    cluster.start_all();
    ASSERT_TRUE(cluster.run_until_active());
    ASSERT_TRUE(cluster.settle(*cluster.append(leader)));
    ASSERT_EQ(cluster.leader(), leader);
    cluster.world.run_for(milliseconds(10));
  }

  std::map<std::uint64_t, Set> sets;
  CatchUp::Options catch_up_options;
  SmallCluster cluster{3, [this](NodeId node) { return decorate(node); }};
};

TEST_F(DecoratedClusterTest, AppendsAtEveryNodeAndTheLeaderStays) {
  start(1);
  const CoordNum mandate = cluster.view(1).mandate;
  std::vector<std::shared_ptr<SmallCluster::Result>> results;
  for (int round = 0; round < 100; ++round) {
    for (std::uint64_t id = 1; id <= 3; ++id) {
      results.push_back(cluster.append(id));
    }
    cluster.world.run_for(milliseconds(2));
  }
  for (const auto& result : results) {
    ASSERT_TRUE(cluster.settle(*result));
  }
  EXPECT_EQ(cluster.leader(), 1u);
  EXPECT_EQ(cluster.view(1).mandate, mandate);
  EXPECT_EQ(sets[2].leadership->leader(), NodeId(1));
  EXPECT_EQ(sets[2].delegation->stats().led_itself, 0u);
  EXPECT_TRUE(cluster.agree());
  EXPECT_EQ(cluster.node(1).state->applied.size(), 301u);
}

TEST_F(DecoratedClusterTest, ADelegatedAppendIsAppliedWhereItWasAskedWhenItEnds) {
  start(1);
  const auto result = cluster.append(3);
  ASSERT_TRUE(cluster.settle(*result));
  EXPECT_EQ(cluster.node(3).state->applied.back(), result->id);
  EXPECT_EQ(sets[3].delegation->stats().forwarded, 2u);  // Once for a token.
  EXPECT_EQ(sets[1].delegation->stats().served, 1u);
}

TEST_F(DecoratedClusterTest, TheLeaderFallsAndTheOthersGoOnWithinTwoSeconds) {
  start(1);
  cluster.crash(1);
  const Timestamp before = cluster.world.now();
  const auto second = cluster.append(2);
  const auto third = cluster.append(3);
  EXPECT_TRUE(cluster.settle(*second));
  EXPECT_TRUE(cluster.settle(*third));
  EXPECT_LT(cluster.world.now().since(before), seconds(2));
  cluster.start(1);
  EXPECT_TRUE(cluster.run_until(
      [this] { return cluster.node(1).state->applied == cluster.node(2).state->applied; }));
}

TEST_F(DecoratedClusterTest, AllFallDuringLoadAndNothingAcknowledgedIsLost) {
  start(1);
  std::vector<std::shared_ptr<SmallCluster::Result>> results;
  for (int i = 0; i < 50; ++i) {
    results.push_back(cluster.append(1 + i % 3));
    cluster.world.run_for(Duration(100));
  }
  for (std::uint64_t id = 1; id <= 3; ++id) {
    cluster.crash(id);
  }
  cluster.world.run_for(milliseconds(50));
  cluster.start_all();
  ASSERT_TRUE(cluster.run_until_active());
  ASSERT_TRUE(cluster.settle(*cluster.append(2)));
  cluster.world.run_for(seconds(3));
  EXPECT_TRUE(cluster.agree());
  const std::vector<EntryId>& applied = cluster.node(2).state->applied;
  for (const auto& result : results) {
    if (result->outcome.has_value() && result->outcome->ok()) {
      EXPECT_EQ(std::count(applied.begin(), applied.end(), result->id), 1);
    }
  }
}

TEST_F(DecoratedClusterTest, UnderLossRepetitionAndReorderingEachEntryHappensOnceOrNotAtAll) {
  start(1);
  Prng prng(17);
  cluster.network.lost = [&prng](NodeId, NodeId, const Message&) { return prng.chance(0.1); };
  cluster.network.echoed = [&prng](NodeId, NodeId, const Message&) { return prng.chance(0.1); };
  std::vector<std::shared_ptr<SmallCluster::Result>> results;
  for (int i = 0; i < 300; ++i) {
    AppendRequest request;
    if (prng.chance(0.2)) {
      request.deadline = cluster.world.now().after(milliseconds(prng.below(20)));
    }
    results.push_back(cluster.append(1 + prng.below(3), std::move(request)));
    cluster.world.run_for(milliseconds(prng.below(10)));
  }
  ASSERT_TRUE(cluster.run_until(
      [&results] {
        return std::all_of(results.begin(), results.end(),
                           [](const auto& result) { return result->outcome.has_value(); });
      },
      seconds(30)));
  cluster.network.lost = nullptr;
  cluster.network.echoed = nullptr;
  ASSERT_TRUE(cluster.settle(*cluster.append(1)));
  cluster.world.run_for(seconds(3));
  EXPECT_TRUE(cluster.agree());
  std::size_t settled = 0;
  for (const auto& result : results) {
    for (std::uint64_t id = 1; id <= 3; ++id) {
      const std::vector<EntryId>& applied = cluster.node(id).state->applied;
      const auto times = std::count(applied.begin(), applied.end(), result->id);
      if (result->outcome->ok()) {
        ++settled;
        ASSERT_EQ(times, 1);
      } else if (append_error(result->outcome->status())->fate == Fate::kDidNotHappen) {
        ASSERT_EQ(times, 0);
      }
    }
  }
  EXPECT_GT(settled, 3 * 200u);
}

// H15: a node that reaches a majority but not the leader does not unseat it.
TEST_F(DecoratedClusterTest, ALeaderThatOneFollowerDoesNotReachStays) {
  start(1);
  cluster.network.lost = [](NodeId from, NodeId to, const Message&) {
    return from == NodeId(3) && to == NodeId(1);
  };
  const CoordNum mandate = cluster.view(1).mandate;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(cluster.settle(*cluster.append(3)));
    cluster.world.run_for(milliseconds(100));
  }
  EXPECT_EQ(cluster.view(1).mandate, mandate);
}

TEST_F(DecoratedClusterTest, AQuietLeaderKeepsItsMandate) {
  start(2);
  const CoordNum mandate = cluster.view(2).mandate;
  cluster.world.run_for(seconds(30));
  EXPECT_EQ(cluster.view(2).mandate, mandate);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    EXPECT_EQ(sets[id].leadership->leader(), NodeId(2));
  }
  EXPECT_GT(sets[2].heartbeats->noops(), 50u);
}

TEST_F(DecoratedClusterTest, ANodeThatMissedMuchCatchesUpInRanges) {
  catch_up_options.range_rounds = 100;
  start(1);
  cluster.crash(3);
  for (int i = 0; i < 1000; ++i) {
    cluster.append(1);
    if (i % 20 == 0) {
      cluster.world.run_for(milliseconds(2));
    }
  }
  ASSERT_TRUE(cluster.settle(*cluster.append(1)));
  cluster.start(3);
  EXPECT_TRUE(cluster.run_until(
      [this] { return cluster.node(3).state->applied.size() >= 1002; }, milliseconds(2000)));
  EXPECT_TRUE(cluster.agree());
}

TEST_F(DecoratedClusterTest, ANodeWhoseRangeIsGoneGetsASnapshotByItself) {
  cluster.options.replica.limits.retained_entries_max = 50;
  start(1);
  cluster.crash(3);
  for (int i = 0; i < 1000; ++i) {
    cluster.append(1);
    if (i % 20 == 0) {
      cluster.world.run_for(milliseconds(2));
    }
  }
  ASSERT_TRUE(cluster.settle(*cluster.append(1)));
  cluster.start(3);
  EXPECT_TRUE(cluster.run_until(
      [this] { return cluster.node(3).state->applied.size() >= 1002; }, milliseconds(5000)));
  EXPECT_TRUE(cluster.agree());
  cluster.world.run_for(milliseconds(10));
  ASSERT_NE(cluster.node(3).disk.snapshot, nullptr);
  EXPECT_GE(cluster.node(3).disk.snapshot->round, RoundNum(900));
}

TEST_F(DecoratedClusterTest, ShutsDownWithWorkUnderWay) {
  start(1);
  std::vector<std::shared_ptr<SmallCluster::Result>> results;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    for (int i = 0; i < 10; ++i) {
      results.push_back(cluster.append(id));
    }
  }
  std::size_t down = 0;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    cluster.runner(id).shut_down([&down] { ++down; });
  }
  ASSERT_TRUE(cluster.run_until([&down] { return down == 3; }));
  for (const auto& result : results) {
    ASSERT_TRUE(result->outcome.has_value());
  }
}

// The one rule, with the real replica: a storage that never ends keeps votes in and lets proposals out.
TEST(OneRuleTest, WithoutDurabilityNothingIsVotedAndNothingCommits) {
  SmallCluster cluster(3, nullptr);
  cluster.start_all();
  ASSERT_TRUE(cluster.run_until_active());
  ASSERT_TRUE(cluster.settle(*cluster.append(1)));
  cluster.world.run_for(seconds(1));
  const RoundNum applied = cluster.view(1).applied;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    cluster.node(id).storage->mode = WorldStorage::Mode::kNever;
  }
  cluster.network.record = true;
  const auto result = cluster.append(1);
  cluster.world.run_for(seconds(5));
  std::size_t proposals = 0;
  for (const Network::Sent& sent : cluster.network.sent) {
    EXPECT_FALSE(std::holds_alternative<Acceptance>(sent.message));
    EXPECT_FALSE(std::holds_alternative<Promise>(sent.message));
    proposals += std::holds_alternative<Propose>(sent.message) ? 1 : 0;
  }
  EXPECT_GT(proposals, 0u);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    EXPECT_EQ(cluster.view(id).applied, applied);
  }
  EXPECT_FALSE(result->outcome.has_value());
}

// H11 (a): the leader's own vote, not durable, and one follower's are no majority.
TEST(OneRuleTest, TheLeadersOwnVoteCountsOnlyOnceItIsDurable) {
  SmallCluster cluster(3, nullptr);
  cluster.start_all();
  ASSERT_TRUE(cluster.run_until_active());
  ASSERT_TRUE(cluster.settle(*cluster.append(1)));
  cluster.node(1).storage->mode = WorldStorage::Mode::kNever;
  cluster.node(2).storage->mode = WorldStorage::Mode::kNever;
  const auto result = cluster.append(1);
  cluster.world.run_for(milliseconds(500));
  EXPECT_FALSE(result->outcome.has_value());
  EXPECT_EQ(cluster.node(3).state->applied.size(), 1u);
  cluster.node(1).storage->mode = WorldStorage::Mode::kLater;
  ASSERT_TRUE(cluster.node(1).storage->complete());
  EXPECT_TRUE(cluster.settle(*result, milliseconds(300)));
}

}  // namespace
}  // namespace synod::testing
