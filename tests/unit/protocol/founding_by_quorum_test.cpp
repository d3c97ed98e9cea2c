#include <gtest/gtest.h>

#include "protocol/founding.hpp"
#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

GenesisMap by_quorum(GenesisMap map) {
  map.founding = FoundingRule::kQuorum;
  return map;
}

GenesisMap terms_of(GenesisMap map) {
  for (GenesisMember& each : map.members) each.incarnation = Incarnation(0);
  return map;
}

// The founding of nodes 1, 2, 3 as seen by node 1, whose disk the test plays.
class FoundingByQuorumTest : public ::testing::Test {
 protected:
  FoundingByQuorumTest() { founding_.start(); }

  void hear(std::uint64_t from, std::optional<Incarnation> memory = {}) {
    founding_.on(n(from), memory.value_or(memory_of(from)),
                 GenesisNote{GenesisStage::kGathering, false, terms_});
  }
  void hear_complete(std::uint64_t from, const GenesisMap& map, bool answer_wanted = false) {
    founding_.on(n(from), memory_of(from),
                 GenesisNote{GenesisStage::kComplete, answer_wanted, map});
  }
  // Lets time pass until nothing is due before `longest` is over; what was said meanwhile. Every
  // record becomes durable at once.
  std::vector<Outgoing> run(Duration longest) {
    std::vector<Outgoing> said;
    const Timestamp end = parts_.shared.now.after(longest);
    constexpr int kStepsMax = 10'000;
    for (int step = 0;; ++step) {
      EXPECT_LT(step, kStepsMax) << "it wants a tick without end";
      if (step == kStepsMax) break;
      Output& output = parts_.take();
      founding_.written(output.sequence);
      for (Outgoing& each : output.after_records) said.push_back(std::move(each));
      const bool quiet = !parts_.shared.outbox.has_records();
      if (quiet && founding_.deadline() > end) break;
      if (quiet) parts_.shared.now = std::max(parts_.shared.now, founding_.deadline());
      founding_.tick();
    }
    parts_.shared.now = end;
    return said;
  }
  // Node 1 bids and wins with the help of node 2.
  void found_with_two() {
    const auto prepares = all_of<GenesisPrepare>(run(std::chrono::seconds(1)));
    ASSERT_FALSE(prepares.empty());
    const CoordNum number = prepares.back().coord;
    founding_.on(n(2), memory_of(2), GenesisPromise{number, {}, {}});
    (void)run(Duration(0));
    founding_.on(n(2), memory_of(2), GenesisAcceptance{number});
  }

  const GenesisMap all_ = by_quorum(genesis_of({1, 2, 3}));
  const GenesisMap terms_ = terms_of(all_);
  QuorumParts parts_;
  Founding founding_{parts_.shared};
};

TEST_F(FoundingByQuorumTest, WaitsAWhileForThoseNotHeardOf) {
  hear(2);
  const Duration patience = parts_.shared.options.campaign_timeout;
  EXPECT_TRUE(all_of<GenesisPrepare>(run(patience - Duration(1))).empty());
  EXPECT_FALSE(all_of<GenesisPrepare>(run(parts_.shared.options.back_off)).empty());
}

TEST_F(FoundingByQuorumTest, DoesNotWaitOnceAllWereHeardOf) {
  hear(2);
  hear(3);
  const auto prepares = all_of<GenesisPrepare>(run(parts_.shared.options.back_off));
  ASSERT_EQ(prepares.size(), 1u);
  EXPECT_EQ(prepares[0].terms, terms_);
}

TEST_F(FoundingByQuorumTest, AMinorityNeverBids) {
  EXPECT_TRUE(all_of<GenesisPrepare>(run(std::chrono::seconds(10))).empty());
  EXPECT_NE(founding_.detail().find("not of node 2,3"), std::string::npos);
}

// H21: whoever took no part has no memory that counts until the log admits one.
TEST_F(FoundingByQuorumTest, TheMapLeavesOutWhoWasNotHeardOf) {
  hear(2);
  found_with_two();
  ASSERT_NE(founding_.complete_map(), nullptr);
  EXPECT_EQ(founding_.complete_map()->incarnation_of(n(1)), memory_of(1));
  EXPECT_EQ(founding_.complete_map()->incarnation_of(n(2)), memory_of(2));
  EXPECT_EQ(founding_.complete_map()->incarnation_of(n(3)), Incarnation(0));
}

TEST_F(FoundingByQuorumTest, SaysWhoDoesNotHoldTheMapUntilAllDo) {
  hear(2);
  found_with_two();
  EXPECT_NE(founding_.caution().find("node 2,3"), std::string::npos);
  const auto notes = all_of<GenesisNote>(run(std::chrono::seconds(5)));
  ASSERT_FALSE(notes.empty());
  EXPECT_EQ(notes.back().stage, GenesisStage::kComplete);
  EXPECT_TRUE(notes.back().answer_wanted);
  const GenesisMap map = *founding_.complete_map();
  hear_complete(2, map);
  EXPECT_NE(founding_.caution().find("node 3 "), std::string::npos);
  hear_complete(3, map);
  EXPECT_EQ(founding_.caution(), "");
  EXPECT_EQ(founding_.deadline(), Timestamp::max());
}

TEST_F(FoundingByQuorumTest, AnswersThatItHoldsTheMapAfterItsRecord) {
  hear_complete(2, all_, true);
  ASSERT_NE(founding_.complete_map(), nullptr);
  const Output& output = parts_.take();
  EXPECT_EQ(output.records, (std::vector<Record>{GenesisRecord{all_, true}}));
  const auto notes = all_of<GenesisNote>(output.after_records);
  ASSERT_FALSE(notes.empty());
  EXPECT_EQ(notes.back().stage, GenesisStage::kComplete);
  EXPECT_TRUE(output.messages.empty());
}

TEST_F(FoundingByQuorumTest, WhoHoldsTheMapAnswersABidWithIt) {
  hear_complete(2, all_);
  (void)run(Duration(0));
  founding_.on(n(3), memory_of(3), GenesisPrepare{c(9, 3), terms_});
  founding_.on(n(3), memory_of(3), GenesisPropose{c(9, 3), all_});
  const Output& output = parts_.take();
  EXPECT_TRUE(output.records.empty());
  EXPECT_EQ(all_of<GenesisNote>(output.after_records).size(), 2u);
  EXPECT_TRUE(all_of<GenesisPromise>(output.after_records).empty());
}

// Where it can be noticed that a founder lost its memory, its next one has no say.
TEST_F(FoundingByQuorumTest, AFounderThatSpeaksWithTwoMemoriesDoesNotCount) {
  hear(2);
  hear(2, Incarnation(7));
  EXPECT_TRUE(all_of<GenesisPrepare>(run(std::chrono::seconds(10))).empty());
  EXPECT_NE(founding_.detail().find("node 2 lost its memory"), std::string::npos);
  founding_.on(n(2), Incarnation(7), GenesisPrepare{{1, n(2), Incarnation(7)}, terms_});
  EXPECT_TRUE(all_of<GenesisPromise>(parts_.take().after_records).empty());
}

TEST_F(FoundingByQuorumTest, AVoteOfAnotherMemoryThanWasHeardOfDoesNotCount) {
  hear(2);
  const auto prepares = all_of<GenesisPrepare>(run(std::chrono::seconds(1)));
  ASSERT_FALSE(prepares.empty());
  founding_.on(n(2), Incarnation(7), GenesisPromise{prepares.back().coord, {}, {}});
  EXPECT_TRUE(all_of<GenesisPropose>(run(Duration(0))).empty());
}

TEST_F(FoundingByQuorumTest, OtherTermsAreRefusedAndNamed) {
  GenesisMap heavier = terms_;
  heavier.members[1].member.weight = 2;
  GenesisMap by_all = terms_;
  by_all.founding = FoundingRule::kAll;
  for (const GenesisMap& other : {heavier, by_all}) {
    founding_.on(n(2), memory_of(2), GenesisPrepare{c(1, 2), other});
    GenesisMap map = all_;
    map.members[1].member.weight = other.members[1].member.weight;
    map.founding = other.founding;
    founding_.on(n(2), memory_of(2), GenesisPropose{c(1, 2), map});
    hear_complete(2, map);
    EXPECT_EQ(founding_.complete_map(), nullptr);
    EXPECT_NE(founding_.detail().find("node 2 was given other"), std::string::npos);
    const Output& output = parts_.take();
    EXPECT_TRUE(output.records.empty());
    EXPECT_TRUE(all_of<GenesisPromise>(output.after_records).empty());
    hear(2);
  }
  EXPECT_EQ(founding_.detail().find("was given other"), std::string::npos) << "it was corrected";
}

TEST(FoundingByAll, RefusesAndNamesThoseWhoFoundByAQuorum) {
  Parts parts;
  Founding founding(parts.shared);
  founding.start();
  const GenesisMap map = by_quorum(genesis_of({1, 2, 3}));
  founding.on(n(2), memory_of(2), GenesisNote{GenesisStage::kGathering, false, terms_of(map)});
  founding.on(n(3), memory_of(3), GenesisPrepare{c(1, 3), terms_of(map)});
  founding.on(n(2), memory_of(2), GenesisNote{GenesisStage::kComplete, false, map});
  founding.on(n(3), memory_of(3), GenesisNote{GenesisStage::kGathering, false, {}});
  EXPECT_EQ(founding.stage(), GenesisStage::kGathering);
  EXPECT_TRUE(parts.take().records.empty());
  EXPECT_NE(founding.detail().find("node 2 was told to found by a quorum"), std::string::npos)
      << founding.detail();
  EXPECT_FALSE(founding.may_adopt(map));
}

// Only a lost memory makes this possible; whoever finds it out stops.
TEST_F(FoundingByQuorumTest, TwoCompleteMapsAreAViolation) {
  hear_complete(2, all_);
  hear_complete(3, all_);
  EXPECT_EQ(founding_.violation(), "");
  GenesisMap other = all_;
  other.members[1].incarnation = Incarnation(7);
  hear_complete(3, other);
  EXPECT_NE(founding_.violation().find("founded twice"), std::string::npos);
}

TEST_F(FoundingByQuorumTest, ARestartResumesTheVote) {
  founding_.on(n(2), memory_of(2), GenesisPropose{c(4, 2), all_});
  const auto votes = all_of<GenesisVoteRecord>(parts_.take().records);
  ASSERT_EQ(votes.size(), 1u);
  QuorumParts parts;
  Founding again(parts.shared);
  again.restore(votes[0]);
  EXPECT_EQ(again.contradiction(), "");
  again.start();
  again.on(n(3), memory_of(3), GenesisPrepare{c(3, 3), terms_});
  EXPECT_EQ(all_of<GenesisConflict>(parts.take().messages).size(), 1u);
  again.on(n(3), memory_of(3), GenesisPrepare{c(5, 3), terms_});
  EXPECT_EQ(all_of<GenesisPromise>(parts.take().after_records),
            (std::vector<GenesisPromise>{{c(5, 3), c(4, 2), all_}}));
}

TEST_F(FoundingByQuorumTest, ARestartWithOtherTermsIsRefused) {
  const GenesisVoteRecord vote{c(4, 2), c(4, 2), all_};
  Parts by_all;
  QuorumParts others({1, 2, 4});
  for (Parts* parts : {&by_all, static_cast<Parts*>(&others)}) {
    Founding again(parts->shared);
    again.restore(vote);
    EXPECT_NE(again.contradiction(), "");
  }
  Founding complete_by_all(by_all.shared);
  complete_by_all.restore(GenesisRecord{all_, true});
  EXPECT_NE(complete_by_all.contradiction(), "");
  Founding fixed_by_all(parts_.shared);
  fixed_by_all.restore(GenesisRecord{genesis_of({1, 2, 3}), false});
  EXPECT_NE(fixed_by_all.contradiction(), "");
}

// What a founder whose disk was lost is to be started as.
TEST(FoundingByQuorumJoiner, NeverVotesAndLearnsTheMap) {
  QuorumParts parts;
  parts.shared.options.founders = {};
  parts.shared.options.founding = FoundingRule::kAll;
  Founding founding(parts.shared);
  founding.start();
  const GenesisMap map = by_quorum(genesis_of({1, 2, 3}));
  founding.on(n(2), memory_of(2), GenesisPrepare{c(1, 2), terms_of(map)});
  founding.on(n(2), memory_of(2), GenesisPropose{c(1, 2), map});
  EXPECT_TRUE(parts.take().records.empty());
  EXPECT_TRUE(parts.output.after_records.empty());
  founding.on(n(2), memory_of(2), GenesisNote{GenesisStage::kComplete, true, map});
  EXPECT_NE(founding.complete_map(), nullptr);
  EXPECT_EQ(all_of<GenesisNote>(parts.take().after_records).size(), 1u) << "it holds the map";
}

TEST(FoundingByQuorumAlone, NeedsTheFlag) {
  for (const bool flag : {false, true}) {
    QuorumParts parts({1});
    parts.shared.options.found_alone = flag;
    Founding founding(parts.shared);
    founding.start();
    for (int i = 0; i < 3; ++i) founding.written(parts.take().sequence);
    EXPECT_EQ(founding.complete_map() != nullptr, flag);
    EXPECT_EQ(founding.detail().empty(), flag);
  }
}

// H21: the whole way, from empty disks to entries.
TEST(FoundingByQuorumNodes, FoundAndSettleEntries) {
  Nodes nodes(5, [](ReplicaOptions& options) { options.founding = FoundingRule::kQuorum; });
  ASSERT_TRUE(nodes.run_until([&] {
    for (std::uint64_t id = 1; id <= 5; ++id) {
      if (!nodes.view(id).participation_detail.empty()) return false;
      if (nodes.view(id).participation != Participation::kActive) return false;
    }
    return true;
  }));
  nodes.append(1, 1, "a");
  EXPECT_TRUE(nodes.run_until([&] { return nodes.has(5, "a"); }));
}

// It could not apply them, and would ask for them again in each turn.
TEST(FoundingByQuorumNodes, ANodeWithoutTheGenesisFetchesNoEntries) {
  Nodes nodes(3, [](ReplicaOptions& options) {
    if (options.id != n(1)) options.founding = FoundingRule::kQuorum;
  });
  ASSERT_TRUE(
      nodes.run_until([&] { return nodes.view(2).participation == Participation::kActive; }));
  long fetches = 0;
  nodes.lost = [&](const Envelope& envelope) {
    const bool asks = envelope.from == n(1) && std::holds_alternative<Fetch>(envelope.message);
    fetches += asks;
    return asks && fetches > 100;
  };
  nodes.append(2, 1, "a");
  ASSERT_TRUE(nodes.run_until([&] { return nodes.has(3, "a"); }));
  nodes.at(1).turns = 0;
  nodes.run(std::chrono::seconds(5));
  EXPECT_EQ(nodes.view(1).genesis, nullptr);
  EXPECT_EQ(fetches, 0);
  EXPECT_LT(nodes.at(1).turns, 200);
}

}  // namespace
}  // namespace synod::testing
