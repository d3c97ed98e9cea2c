#include "protocol/election.hpp"

#include <gtest/gtest.h>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

using Verdict = Election::Verdict;

class ElectionTest : public ::testing::Test {
 protected:
  ElectionTest() { election_.start(coord_, r(1), electorate_of({1, 2, 3, 4, 5})); }

  Verdict promise(std::uint64_t from, std::uint64_t speaks_from = 1) {
    return promise(from, memory_of(from), speaks_from);
  }
  Verdict promise(std::uint64_t from, Incarnation incarnation, std::uint64_t speaks_from) {
    Promise promise;
    promise.coord = coord_;
    promise.round = r(1);
    promise.speaks_from = r(speaks_from);
    return election_.on(n(from), incarnation, promise);
  }
  Verdict conflict(std::uint64_t from) {
    return election_.on(n(from), memory_of(from), Conflict{coord_, r(1), c(20, 5), r(0), {}});
  }
  Verdict abstain(std::uint64_t from) {
    return election_.on(n(from), memory_of(from), Abstention{coord_, r(1), false, {}});
  }
  std::vector<Outgoing> asked() { return parts_.take().after_records; }

  const CoordNum coord_ = c(9);
  Parts parts_;
  Election election_{parts_.shared};
};

// The one rule: the campaign's own promise is durable before its Prepare leaves.
TEST_F(ElectionTest, ThePrepareLeavesAfterTheRecords) {
  const Output& output = parts_.take();
  EXPECT_TRUE(output.messages.empty());
  ASSERT_EQ(output.after_records.size(), 1u);
  EXPECT_EQ(output.after_records[0].to, (std::vector{n(2), n(3), n(4), n(5)}));
  EXPECT_EQ(std::get<Prepare>(output.after_records[0].message), (Prepare{r(1), coord_}));
}

TEST_F(ElectionTest, AQuorumOfPromisesWins) {
  EXPECT_EQ(promise(1), Verdict::kOpen);
  EXPECT_EQ(promise(2), Verdict::kOpen);
  EXPECT_EQ(promise(3), Verdict::kWon);
  EXPECT_EQ(election_.take_mandate().coord(), coord_);
  EXPECT_FALSE(election_.is_running());
}

// RT-31: tallies are sets of nodes, never counts of replies.
TEST_F(ElectionTest, ARepeatedPromiseCountsOnce) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(promise(2), Verdict::kOpen);
  EXPECT_EQ(promise(6), Verdict::kOpen) << "no member";
  EXPECT_EQ(promise(3, Incarnation(1), 1), Verdict::kOpen) << "another memory";
  EXPECT_EQ(promise(4), Verdict::kOpen);
  EXPECT_EQ(promise(5), Verdict::kWon);
}

TEST_F(ElectionTest, AnOldPromiseNeverCountsForANewCampaign) {
  (void)promise(1);
  (void)promise(2);
  Promise old;
  old.coord = c(8);
  EXPECT_EQ(election_.on(n(3), memory_of(3), old), Verdict::kOpen);
}

TEST_F(ElectionTest, OneConflictIsNoVeto) {
  EXPECT_EQ(conflict(2), Verdict::kOpen);
  EXPECT_EQ(abstain(3), Verdict::kOpen);
  EXPECT_EQ(promise(1), Verdict::kOpen);
  EXPECT_EQ(promise(4), Verdict::kOpen);
  EXPECT_EQ(promise(5), Verdict::kWon);
}

// D-10: however the last answers look, the bid ends, and says why.
TEST_F(ElectionTest, IsLostWhenNoQuorumCanComeTogether) {
  EXPECT_EQ(abstain(2), Verdict::kOpen);
  EXPECT_EQ(abstain(2), Verdict::kOpen);
  EXPECT_EQ(abstain(3), Verdict::kOpen);
  EXPECT_EQ(abstain(4), Verdict::kLost);
  EXPECT_EQ(election_.error().kind, AppendErrorKind::kNoQuorum);
  EXPECT_EQ(election_.error().abstentions.size(), 3u);
  EXPECT_EQ(election_.error().fate, Fate::kDidNotHappen);
}

TEST_F(ElectionTest, AConflictSaysThatSomebodyElseLeads) {
  (void)conflict(2);
  (void)conflict(3);
  EXPECT_EQ(conflict(4), Verdict::kLost);
  EXPECT_EQ(election_.error().kind, AppendErrorKind::kLost);
}

TEST_F(ElectionTest, ARefusalMayBeTakenBack) {
  (void)abstain(2);
  (void)abstain(3);
  EXPECT_EQ(promise(3), Verdict::kOpen);
  EXPECT_EQ(abstain(3), Verdict::kOpen) << "a late refusal after the promise";
  EXPECT_EQ(abstain(4), Verdict::kOpen);
  EXPECT_EQ(promise(1), Verdict::kOpen);
  EXPECT_EQ(promise(5), Verdict::kWon);
}

TEST_F(ElectionTest, AsksAgainOnlyThoseWhoWereSilent) {
  (void)asked();
  (void)promise(2);
  ASSERT_LE(election_.deadline(), parts_.shared.now.after(std::chrono::milliseconds(200)));
  parts_.shared.now = election_.deadline();
  EXPECT_EQ(election_.tick(), Verdict::kOpen);
  const auto again = asked();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].to, (std::vector{n(3), n(4), n(5)}));
}

TEST_F(ElectionTest, GivesUpInTimeAndPausesBeforeTheNextBid) {
  for (int i = 0; i < 20 && election_.tick() == Verdict::kOpen; ++i) {
    ASSERT_GT(election_.deadline(), parts_.shared.now);
    parts_.shared.now = election_.deadline();
  }
  EXPECT_EQ(election_.tick(), Verdict::kLost);
  EXPECT_EQ(parts_.shared.now, Timestamp().after(parts_.shared.options.campaign_timeout));
  election_.lose();
  EXPECT_FALSE(election_.may_start());
  EXPECT_LE(election_.may_start_at(), parts_.shared.now.after(parts_.shared.options.back_off));
  parts_.shared.now = election_.may_start_at();
  EXPECT_TRUE(election_.may_start());
}

TEST_F(ElectionTest, TheMandateBeginsWhereAllPromisesSpeak) {
  (void)promise(1);
  (void)promise(2, 6);
  EXPECT_EQ(promise(3), Verdict::kWon);
  EXPECT_EQ(election_.take_mandate().first(), r(6));
}

// A node that is far behind hears of rounds that it has no room for: they are settled, to be fetched.
TEST_F(ElectionTest, APromiseFromFarAheadCostsNoMemory) {
  Promise far;
  far.coord = coord_;
  far.round = r(1);
  for (const std::uint64_t round : {1ull << 40, ~0ull - 1}) {
    far.speaks_from = r(round);
    far.accepted = {placed(round, c(3), entry(1))};
    EXPECT_EQ(election_.on(n(2), memory_of(2), far), Verdict::kOpen);
  }
}

TEST_F(ElectionTest, AForgedRoundCostsNoMemory) {
  Promise forged;
  forged.coord = coord_;
  forged.round = r(1);
  forged.speaks_from = r(1);
  forged.accepted = {placed(~0ull - 1, c(3), entry(1))};
  EXPECT_EQ(election_.on(n(2), memory_of(2), forged), Verdict::kOpen);
}

TEST(ElectionDeath, TwoCampaignsAtATimeAreABrokenInvariant) {
  Parts parts;
  Election election(parts.shared);
  election.start(c(9), r(1), electorate_of({1, 2, 3}));
  EXPECT_DEATH(election.start(c(10), r(1), electorate_of({1, 2, 3})), "two campaigns");
}

}  // namespace
}  // namespace synod::testing
