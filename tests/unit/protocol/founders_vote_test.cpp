#include "protocol/founders_vote.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

// The map of {1, 2, 3} that names `present`.
GenesisMap map_naming(const std::vector<std::uint64_t>& present) {
  GenesisMap map = genesis_of({1, 2, 3});
  map.founding = FoundingRule::kQuorum;
  for (GenesisMember& each : map.members) {
    const bool named =
        std::find(present.begin(), present.end(), each.member.id.value()) != present.end();
    if (!named) each.incarnation = Incarnation(0);
  }
  return map;
}

// Node 1 of the founders 1, 2, 3; the test plays its disk and the others.
class FoundersVoteTest : public ::testing::Test {
 protected:
  void prepare(CoordNum coord) { vote_.on(coord.proposer, GenesisPrepare{coord, terms_}); }
  std::string propose(CoordNum coord, const GenesisMap& map) {
    return vote_.on(coord.proposer, GenesisPropose{coord, map});
  }
  void promise(std::uint64_t from, CoordNum accepted_at = {}, std::optional<GenesisMap> map = {}) {
    vote_.on(n(from), GenesisPromise{own_, accepted_at, std::move(map)});
  }
  void accept(std::uint64_t from) { vote_.on(n(from), GenesisAcceptance{own_}); }
  std::optional<GenesisMap> advance() { return vote_.advance(own_map_); }
  // The node's first bid.
  void campaign() {
    vote_.campaign(terms_);
    own_ = c(1, 1);
  }
  Output& write() {
    Output& output = parts_.take();
    vote_.written(output.sequence);
    return output;
  }

  const GenesisMap terms_ = map_naming({});
  const GenesisMap own_map_ = map_naming({1, 2});
  const GenesisMap other_map_ = map_naming({2, 3});
  QuorumParts parts_;
  FoundersVote vote_{parts_.shared};
  CoordNum own_;
};

TEST_F(FoundersVoteTest, APromiseIsToldAfterItsRecord) {
  prepare(c(3, 2));
  const Output& output = parts_.take();
  EXPECT_EQ(output.records, (std::vector<Record>{GenesisVoteRecord{c(3, 2), {}, {}}}));
  EXPECT_TRUE(output.messages.empty());
  const auto promises = all_of<GenesisPromise>(output.after_records);
  ASSERT_EQ(promises.size(), 1u);
  EXPECT_EQ(promises[0], (GenesisPromise{c(3, 2), {}, {}}));
}

TEST_F(FoundersVoteTest, ThePromiseNeverFalls) {
  prepare(c(3, 2));
  (void)parts_.take();
  prepare(c(2, 3));
  EXPECT_EQ(propose(c(2, 3), other_map_), "");
  const Output& output = parts_.take();
  EXPECT_TRUE(output.records.empty());
  EXPECT_TRUE(output.after_records.empty());
  EXPECT_EQ(all_of<GenesisConflict>(output.messages),
            (std::vector<GenesisConflict>(2, GenesisConflict{c(2, 3), c(3, 2)})));
  EXPECT_EQ(vote_.vote().promised, c(3, 2));
}

TEST_F(FoundersVoteTest, AcceptingRaisesThePromiseAndIsReported) {
  EXPECT_EQ(propose(c(3, 2), other_map_), "");
  const Output& output = parts_.take();
  EXPECT_EQ(output.records, (std::vector<Record>{GenesisVoteRecord{c(3, 2), c(3, 2), other_map_}}));
  EXPECT_EQ(all_of<GenesisAcceptance>(output.after_records),
            (std::vector<GenesisAcceptance>{{c(3, 2)}}));
  prepare(c(2, 3));
  EXPECT_EQ(all_of<GenesisConflict>(parts_.take().messages).size(), 1u);
  prepare(c(4, 3));
  EXPECT_EQ(all_of<GenesisPromise>(parts_.take().after_records),
            (std::vector<GenesisPromise>{{c(4, 3), c(3, 2), other_map_}}));
}

TEST_F(FoundersVoteTest, AskedAgainItAnswersAgainAndWritesNothing) {
  EXPECT_EQ(propose(c(3, 2), other_map_), "");
  (void)parts_.take();
  EXPECT_EQ(propose(c(3, 2), other_map_), "");
  const Output& output = parts_.take();
  EXPECT_TRUE(output.records.empty());
  EXPECT_EQ(all_of<GenesisAcceptance>(output.after_records).size(), 1u);
}

// Invariant 5.
TEST_F(FoundersVoteTest, TwoMapsAtOneNumberBreakTheProtocol) {
  EXPECT_EQ(propose(c(3, 2), other_map_), "");
  (void)parts_.take();
  EXPECT_NE(propose(c(3, 2), own_map_), "");
  EXPECT_TRUE(parts_.take().after_records.empty());
}

// Nobody could settle an entry with it.
TEST_F(FoundersVoteTest, AMapThatNamesTooFewIsNotAccepted) {
  EXPECT_EQ(propose(c(3, 2), map_naming({2})), "");
  const Output& output = parts_.take();
  EXPECT_TRUE(output.records.empty());
  EXPECT_TRUE(output.after_records.empty());
}

TEST_F(FoundersVoteTest, ANumberOutOfAllReasonIsIgnored) {
  prepare(CoordNum{~0ull, n(2), memory_of(2)});
  EXPECT_TRUE(parts_.take().records.empty());
  EXPECT_EQ(vote_.vote().promised, CoordNum());
}

// A bid is durable before anybody hears of its number, and its own promise counts only then.
TEST_F(FoundersVoteTest, ItsOwnPromiseCountsOnceItIsDurable) {
  campaign();
  promise(2);
  EXPECT_EQ(advance(), std::nullopt);
  Output& output = parts_.take();
  EXPECT_EQ(output.records, (std::vector<Record>{GenesisVoteRecord{own_, {}, {}}}));
  EXPECT_TRUE(output.messages.empty());
  EXPECT_EQ(all_of<GenesisPrepare>(output.after_records).size(), 1u);
  EXPECT_TRUE(all_of<GenesisPropose>(output.after_records).empty());
  vote_.written(output.sequence);
  EXPECT_EQ(advance(), std::nullopt);
  EXPECT_EQ(all_of<GenesisPropose>(parts_.take().after_records),
            (std::vector<GenesisPropose>{{own_, own_map_}}));
}

TEST_F(FoundersVoteTest, ItsOwnAcceptanceCountsOnceItIsDurable) {
  campaign();
  write();
  promise(2);
  EXPECT_EQ(advance(), std::nullopt);
  accept(2);
  EXPECT_EQ(advance(), std::nullopt) << "its own acceptance is not durable";
  EXPECT_EQ(write().records, (std::vector<Record>{GenesisVoteRecord{own_, own_, own_map_}}));
  EXPECT_EQ(advance(), own_map_);
  EXPECT_FALSE(vote_.campaigns());
}

TEST_F(FoundersVoteTest, TwoAnswersOfOneNodeAreOne) {
  campaign();
  promise(2);
  promise(2);
  EXPECT_EQ(advance(), std::nullopt);
  EXPECT_TRUE(all_of<GenesisPropose>(parts_.take().after_records).empty());
}

// What may have been decided is never replaced.
TEST_F(FoundersVoteTest, ProposesTheMapThatWasAcceptedAtTheHighestNumber) {
  EXPECT_EQ(propose(c(1, 2), map_naming({1, 3})), "");
  vote_.campaign(terms_);
  own_ = c(2, 1);
  write();
  promise(3, c(1, 3), other_map_);
  EXPECT_EQ(advance(), std::nullopt);
  EXPECT_EQ(all_of<GenesisPropose>(parts_.take().after_records),
            (std::vector<GenesisPropose>{{own_, other_map_}}));
}

TEST_F(FoundersVoteTest, ProposesWhatItAcceptedItself) {
  EXPECT_EQ(propose(c(5, 2), other_map_), "");
  FoundersVote again(parts_.shared);
  again.restore(vote_.vote());
  (void)parts_.take();
  again.campaign(terms_);
  const CoordNum number = c(6, 1);
  again.written(parts_.take().sequence);
  again.on(n(3), GenesisPromise{number, c(4, 3), map_naming({1, 3})});
  EXPECT_EQ(again.advance(own_map_), std::nullopt);
  EXPECT_EQ(all_of<GenesisPropose>(parts_.take().after_records),
            (std::vector<GenesisPropose>{{number, other_map_}}));
}

TEST_F(FoundersVoteTest, OutrankedMeanwhileItsOwnBidIsLost) {
  campaign();
  write();
  prepare(c(9, 2));
  promise(3);
  EXPECT_EQ(advance(), std::nullopt);
  EXPECT_FALSE(vote_.campaigns());
  EXPECT_TRUE(all_of<GenesisPropose>(parts_.take().after_records).empty());
}

TEST_F(FoundersVoteTest, ABidThatCannotBeWonEndsAndTheNextGoesAboveAll) {
  campaign();
  write();
  vote_.on(n(2), GenesisConflict{own_, c(7, 2)});
  EXPECT_EQ(advance(), std::nullopt);
  EXPECT_TRUE(vote_.campaigns()) << "one conflict is not a veto";
  vote_.on(n(3), GenesisConflict{own_, c(7, 2)});
  EXPECT_EQ(advance(), std::nullopt);
  EXPECT_FALSE(vote_.campaigns());
  EXPECT_GT(vote_.may_campaign_at(), parts_.shared.now);
  vote_.campaign(terms_);
  EXPECT_EQ(all_of<GenesisPrepare>(parts_.take().after_records)[0].coord, c(8, 1));
}

TEST_F(FoundersVoteTest, AsksAgainThoseWhoSaidNothingAndGivesUp) {
  campaign();
  write();
  vote_.on(n(2), GenesisConflict{own_, c(7, 2)});
  int asked = 0;
  while (vote_.campaigns()) {
    ASSERT_GT(vote_.deadline(), parts_.shared.now);
    parts_.shared.now = vote_.deadline();
    vote_.tick();
    asked += static_cast<int>(all_of<GenesisPrepare>(parts_.take().after_records).size());
  }
  EXPECT_GT(asked, 1);
  EXPECT_EQ(parts_.shared.now, Timestamp().after(parts_.shared.options.campaign_timeout));
  EXPECT_EQ(vote_.deadline(), Timestamp::max());
}

// Weights and flexible quorums are the founders' own.
TEST_F(FoundersVoteTest, QuorumsAreThoseOfThePolicy) {
  QuorumParts parts;
  parts.shared.options.founders.policy = {1, 3};
  FoundersVote vote(parts.shared);
  EXPECT_FALSE(vote.names_enough(own_map_));
  const GenesisMap all = map_naming({1, 2, 3});
  EXPECT_TRUE(vote.names_enough(all));
  vote.campaign(terms_);
  vote.written(parts.take().sequence);
  EXPECT_EQ(vote.advance(all), std::nullopt);
  EXPECT_EQ(all_of<GenesisPropose>(parts.take().after_records).size(), 1u);
  vote.written(parts.output.sequence);
  vote.on(n(2), GenesisAcceptance{c(1, 1)});
  EXPECT_EQ(vote.advance(all), std::nullopt);
  vote.on(n(3), GenesisAcceptance{c(1, 1)});
  EXPECT_EQ(vote.advance(all), all);
}

TEST_F(FoundersVoteTest, AFounderThatDoesNotAcceptHasNoVote) {
  QuorumParts parts;
  parts.shared.options.founders.members[0].roles.accept = false;
  FoundersVote vote(parts.shared);
  vote.on(n(2), GenesisPrepare{c(1, 2), terms_});
  EXPECT_TRUE(parts.take().records.empty());
  vote.campaign(terms_);
  EXPECT_EQ(parts.take().records.size(), 1u) << "its number is used up all the same";
  vote.written(parts.output.sequence);
  vote.on(n(2), GenesisPromise{c(1, 1), {}, {}});
  EXPECT_EQ(vote.advance(other_map_), std::nullopt);
  EXPECT_TRUE(all_of<GenesisPropose>(parts.take().after_records).empty());
  vote.on(n(3), GenesisPromise{c(1, 1), {}, {}});
  EXPECT_EQ(vote.advance(other_map_), std::nullopt);
  EXPECT_EQ(all_of<GenesisPropose>(parts.take().after_records).size(), 1u);
}

}  // namespace
}  // namespace synod::testing
