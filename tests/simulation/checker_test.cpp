// Every check of the simulator must go red on a history that is wrong, and stay green on one that
// is not: otherwise a green run says nothing.
#include <gtest/gtest.h>

#include <synod/simulation/checker.hpp>

namespace synod::simulation {
namespace {

constexpr NodeId kA(1);
constexpr NodeId kB(2);
constexpr NodeId kC(3);
constexpr Incarnation kMemory(7);

class CheckerTest : public testing::Test {
 protected:
  CheckerTest() {
    for (const NodeId node : {kA, kB, kC}) checker.on_started(node);
  }

  static Cluster three() {
    Cluster cluster;
    for (const NodeId node : {kA, kB, kC}) cluster.members.push_back(Member{.id = node});
    return cluster;
  }
  static CoordNum coord(std::uint64_t counter, NodeId proposer) {
    return {counter, proposer, kMemory};
  }
  static Entry entry(std::uint64_t id) {
    Entry entry;
    entry.id = {0, id};
    entry.kind = EntryKind::kState;
    return entry;
  }
  void accept(NodeId node, std::uint64_t round, const CoordNum& at, std::uint64_t id) {
    checker.on_durable(node, kMemory, AcceptedRecord{{RoundNum(round), at, entry(id)}});
  }
  void choose(std::uint64_t round, std::uint64_t id) {
    accept(kA, round, coord(1, kA), id);
    accept(kB, round, coord(1, kA), id);
  }
  void apply(NodeId node, std::uint64_t round, std::uint64_t id) {
    checker.on_applied(node, RoundNum(round), entry(id), std::nullopt);
  }
  void found() {
    GenesisMap map;
    for (const Member& member : three().members) map.members.push_back({member, kMemory});
    checker.on_genesis(map);
  }
  // The first violation names this invariant.
  void expect_broken(const std::string& invariant) {
    ASSERT_FALSE(checker.ok()) << "nothing was found";
    EXPECT_TRUE(checker.violations().front().starts_with(invariant + ":"))
        << checker.violations().front();
  }

  Checker checker{three()};
};

TEST_F(CheckerTest, AGoodHistoryIsGreen) {
  checker.on_append({0, 5});
  checker.on_append({0, 6});
  choose(1, 5);
  apply(kA, 1, 5);
  apply(kB, 1, 5);
  checker.on_digest(kA, RoundNum(1), 11);
  checker.on_digest(kB, RoundNum(1), 11);
  checker.on_acknowledged({0, 5}, RoundNum(1));
  checker.on_failed({0, 6}, ClientView::kDidNotHappen);
  checker.on_read(kA, checker.read_begins(), RoundNum(1));
  checker.on_state_loaded(kC);
  checker.on_installed(kC, RoundNum(1));
  checker.finish();
  EXPECT_TRUE(checker.ok()) << checker.violations().front();
  EXPECT_EQ(checker.rounds_chosen(), 1u);
}

TEST_F(CheckerTest, TwoEntriesAppliedInOneRound) {
  choose(1, 5);
  apply(kA, 1, 5);
  apply(kB, 1, 6);
  expect_broken("I1");
}

TEST_F(CheckerTest, TheSameEntrySkippedByOneNodeOnly) {
  choose(1, 5);
  apply(kA, 1, 5);
  checker.on_applied(kB, RoundNum(1), entry(5), SkipReason::kExpired);
  expect_broken("I1");
}

TEST_F(CheckerTest, TwoEntriesChosenInOneRound) {
  choose(1, 5);
  accept(kB, 1, coord(2, kB), 6);
  EXPECT_TRUE(checker.ok());
  accept(kC, 1, coord(2, kB), 6);
  expect_broken("I3");
}

TEST_F(CheckerTest, ChosenCountsWeightsAndPolicyOfTheRound) {
  Cluster heavy = three();
  heavy.members[2].weight = 5;
  checker.on_cluster(kA, RoundNum(1), std::make_shared<const Cluster>(heavy));
  choose(1, 5);
  EXPECT_EQ(checker.rounds_chosen(), 0u);
  accept(kC, 1, coord(1, kA), 5);
  EXPECT_EQ(checker.rounds_chosen(), 1u);
}

TEST_F(CheckerTest, TwoEntriesAtOneNumber) {
  accept(kA, 1, coord(1, kA), 5);
  accept(kB, 1, coord(1, kA), 6);
  expect_broken("I4");
}

TEST_F(CheckerTest, APromiseThatFalls) {
  checker.on_durable(kA, kMemory, PromiseRecord{coord(4, kB)});
  checker.on_durable(kA, kMemory, PromiseRecord{coord(3, kC)});
  expect_broken("I5");
}

TEST_F(CheckerTest, AnAcceptanceBelowThePromise) {
  checker.on_durable(kA, kMemory, PromiseRecord{coord(4, kB)});
  accept(kA, 1, coord(3, kC), 5);
  expect_broken("I5");
}

TEST_F(CheckerTest, APromiseThatARestartForgot) {
  checker.on_durable(kA, kMemory, PromiseRecord{coord(4, kB)});
  checker.on_loaded(kA, kMemory, {IdentityRecord{kMemory}});
  expect_broken("I5");
}

TEST_F(CheckerTest, AnApplyBeforeAQuorumIsDurable) {
  accept(kA, 1, coord(1, kA), 5);
  apply(kA, 1, 5);
  expect_broken("I6");
}

TEST_F(CheckerTest, AHoleInTheApplies) {
  choose(2, 5);
  apply(kA, 2, 5);
  expect_broken("I7");
}

TEST_F(CheckerTest, TwoDigestsOfOneRound) {
  checker.on_digest(kA, RoundNum(3), 1);
  checker.on_digest(kB, RoundNum(3), 2);
  expect_broken("I8");
}

TEST_F(CheckerTest, AnAcknowledgementOfNothing) {
  checker.on_append({0, 5});
  checker.on_acknowledged({0, 5}, RoundNum(1));
  expect_broken("I9");
}

TEST_F(CheckerTest, OneEntryWithTwoEffects) {
  choose(1, 5);
  choose(2, 5);
  apply(kA, 1, 5);
  apply(kA, 2, 5);
  expect_broken("I10");
}

TEST_F(CheckerTest, AReadThatMissesAnAcknowledgedEntry) {
  choose(1, 5);
  apply(kA, 1, 5);
  checker.on_acknowledged({0, 5}, RoundNum(1));
  const RoundNum bound = checker.read_begins();
  checker.on_read(kC, bound, RoundNum(0));
  expect_broken("I11");
}

TEST_F(CheckerTest, AReadThatGoesBackBehindAnother) {
  checker.on_read(kA, checker.read_begins(), RoundNum(4));
  checker.on_read(kC, checker.read_begins(), RoundNum(3));
  expect_broken("I11");
}

TEST_F(CheckerTest, AVoteOfAMemoryThatDoesNotCount) {
  GenesisMap map;
  map.members.push_back({Member{.id = kA}, Incarnation(1)});
  checker.on_genesis(map);
  accept(kA, 1, coord(1, kA), 5);
  expect_broken("I13");
}

TEST_F(CheckerTest, TwoGenesisMapsThatAQuorumAccepted) {
  GenesisMap map;
  map.members.push_back({Member{.id = kA}, Incarnation(1)});
  GenesisMap other = map;
  other.members[0].incarnation = Incarnation(2);
  for (const NodeId node : {kA, kB}) {
    checker.on_durable(node, Incarnation(1), GenesisVoteRecord{coord(1, kA), coord(1, kA), map});
  }
  ASSERT_TRUE(checker.ok());
  for (const NodeId node : {kA, kC}) {
    checker.on_durable(node, Incarnation(1), GenesisVoteRecord{coord(2, kC), coord(2, kC), other});
  }
  expect_broken("I13");
}

TEST_F(CheckerTest, TwoGenesisMapsAtOneNumber) {
  GenesisMap map;
  checker.on_durable(kA, Incarnation(1), GenesisVoteRecord{coord(1, kA), coord(1, kA), map});
  map.members.push_back({Member{.id = kA}, Incarnation(1)});
  checker.on_durable(kB, Incarnation(1), GenesisVoteRecord{coord(1, kA), coord(1, kA), map});
  expect_broken("I4");
}

TEST_F(CheckerTest, AGenesisVoteThatFalls) {
  checker.on_durable(kA, Incarnation(1), GenesisVoteRecord{coord(2, kA), {}, {}});
  checker.on_durable(kA, Incarnation(1), GenesisVoteRecord{coord(1, kB), {}, {}});
  expect_broken("I5");
}

TEST_F(CheckerTest, TwoClustersOfOneRound) {
  checker.on_cluster(kA, RoundNum(5), std::make_shared<const Cluster>(three()));
  Cluster smaller = three();
  smaller.members.pop_back();
  checker.on_cluster(kB, RoundNum(5), std::make_shared<const Cluster>(smaller));
  expect_broken("I13");
}

TEST_F(CheckerTest, AStateThatForgetsTheClusterOfARound) {
  Cluster smaller = three();
  smaller.members.pop_back();
  checker.on_cluster(kA, RoundNum(5), std::make_shared<const Cluster>(smaller));
  checker.on_cluster(kB, RoundNum(5), nullptr);  // The one of the beginning.
  expect_broken("I13");
}

// H2: A promised, B did not, and the round's cluster is A and B.
TEST_F(CheckerTest, AProposalThatTheRoundsClusterGaveNoMandateFor) {
  found();
  checker.on_durable(kA, kMemory, PromiseRecord{coord(1, kA)});
  checker.on_durable(kC, kMemory, PromiseRecord{coord(1, kA)});
  accept(kA, 1, coord(1, kA), 5);
  EXPECT_TRUE(checker.ok());
  Cluster two = three();
  two.members.pop_back();
  checker.on_cluster(kA, RoundNum(2), std::make_shared<const Cluster>(two));
  accept(kA, 2, coord(1, kA), 6);
  expect_broken("I13");
}

TEST_F(CheckerTest, APromiseOfAMemoryThatDoesNotCountGivesNoMandate) {
  found();
  checker.on_durable(kA, kMemory, PromiseRecord{coord(1, kA)});
  checker.on_durable(kB, Incarnation(99), PromiseRecord{coord(1, kA)});
  accept(kA, 1, coord(1, kA), 5);
  expect_broken("I13");
}

// H20.
TEST_F(CheckerTest, ARemovalThatIsCompleteTooEarly) {
  found();
  Cluster others = three();
  others.members.erase(others.members.begin());
  checker.on_cluster(kB, RoundNum(4), std::make_shared<const Cluster>(others));
  checker.on_durable(kB, kMemory, CommitMarkRecord{RoundNum(3)});
  checker.on_checkpoint(kC, kMemory, RoundNum(3));
  checker.on_removal_complete(kA, RoundNum(4));
  EXPECT_TRUE(checker.ok());
  checker.on_cluster(kB, RoundNum(6), std::make_shared<const Cluster>(others));
  checker.on_checkpoint(kB, kMemory, RoundNum(5));
  checker.on_removal_complete(kA, RoundNum(6));
  expect_broken("I13");
}

// Found by seed 128 of three nodes and 2,000 entries: a start read back commits that no mark covered.
TEST_F(CheckerTest, ARoundIsHeldWithoutAMarkWhereItsCommitIsDurableAndAllBelowIt) {
  found();
  Cluster other = three();
  other.members = {other.members[1]};
  const auto commit = [&](std::uint64_t round) {
    const PlacedEntry placed{RoundNum(round), coord(1, kA), entry(round)};
    checker.on_durable(kB, kMemory, CommittedRecord{placed});
  };
  checker.on_cluster(kB, RoundNum(4), std::make_shared<const Cluster>(other));
  checker.on_checkpoint(kB, kMemory, RoundNum(1));
  commit(2);
  commit(3);
  checker.on_removal_complete(kA, RoundNum(4));
  EXPECT_TRUE(checker.ok());
  checker.on_cluster(kB, RoundNum(6), std::make_shared<const Cluster>(other));
  commit(5);  // And not r4.
  checker.on_removal_complete(kA, RoundNum(6));
  expect_broken("I13");
}

TEST_F(CheckerTest, WhoCanCarryOnIsCountedInEveryRoundThatIsNotDurable) {
  found();
  using Memories = Checker::Memories;
  EXPECT_FALSE(checker.can_carry_on(Memories{{kA, kMemory}}));
  EXPECT_TRUE(checker.can_carry_on(Memories{{kA, kMemory}, {kC, kMemory}}));
  EXPECT_FALSE(checker.can_carry_on(Memories{{kA, kMemory}, {kC, Incarnation(9)}}));
  EXPECT_FALSE(checker.can_carry_on(Memories{{kA, kMemory}, {kC, Incarnation(0)}}));
  Cluster alone;
  alone.members.push_back(Member{.id = kB});
  checker.on_cluster(kA, RoundNum(3), std::make_shared<const Cluster>(alone));
  EXPECT_FALSE(checker.can_carry_on(Memories{{kB, kMemory}})) << "rounds 1 and 2 are open";
  checker.on_durable(kB, kMemory, CommitMarkRecord{RoundNum(2)});
  EXPECT_TRUE(checker.can_carry_on(Memories{{kB, kMemory}}));
}

TEST_F(CheckerTest, WhatWasSaidNotToHappenDoes) {
  checker.on_append({0, 5});
  checker.on_failed({0, 5}, ClientView::kDidNotHappen);
  choose(1, 5);
  apply(kA, 1, 5);
  checker.finish();
  expect_broken("I15");
}

TEST_F(CheckerTest, AnEffectAfterTheLastRound) {
  Entry late = entry(5);
  late.last_round = RoundNum(1);
  for (const NodeId node : {kA, kB}) {
    checker.on_durable(node, kMemory, AcceptedRecord{{RoundNum(1), coord(1, kA), entry(4)}});
    checker.on_durable(node, kMemory, AcceptedRecord{{RoundNum(2), coord(1, kA), late}});
  }
  apply(kA, 1, 4);
  ASSERT_TRUE(checker.ok());
  checker.on_applied(kA, RoundNum(2), late, std::nullopt);
  expect_broken("I10");
}

TEST_F(CheckerTest, APromiseThatIsToldBeforeItIsDurable) {
  Promise told;
  told.coord = coord(3, kB);
  checker.on_durable(kA, kMemory, PromiseRecord{coord(3, kB)});
  checker.on_vote(kA, kMemory, told);
  EXPECT_TRUE(checker.ok());
  checker.on_vote(kC, kMemory, told);
  expect_broken("I5");
}

TEST_F(CheckerTest, AnAcceptanceThatIsToldBeforeItIsDurable) {
  accept(kA, 1, coord(1, kB), 5);
  checker.on_vote(kA, kMemory, Acceptance{coord(1, kB), RoundNum(1), 1, {}});
  EXPECT_TRUE(checker.ok());
  checker.on_vote(kA, kMemory, Acceptance{coord(1, kB), RoundNum(1), 2, {}});
  expect_broken("I6");
}

TEST_F(CheckerTest, ASnapshotThatGoesBack) {
  choose(1, 5);
  choose(2, 6);
  apply(kA, 1, 5);
  apply(kA, 2, 6);
  checker.on_state_loaded(kA);
  checker.on_installed(kA, RoundNum(1));
  expect_broken("I20");
}

}  // namespace
}  // namespace synod::simulation
