#include "protocol/reads.hpp"

#include <gtest/gtest.h>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

class ReadsTest : public ::testing::Test {
 protected:
  ReadsTest() { found(parts_.state); }

  void found(const LogState& state) {
    std::string why;
    membership_.found(genesis_of({1, 2, 3}));
    ASSERT_TRUE(membership_.extend(r(64), &state, 64, why)) << why;
  }
  void begin(std::uint64_t ticket) { ASSERT_TRUE(reads_.begin({ticket, Timestamp::max()})); }
  // The nonces of the questions since the last look, and the tickets that became ready.
  void look() {
    const Output& output = parts_.take();
    for (const Outgoing& each : output.messages) {
      if (const auto* query = std::get_if<ReadQuery>(&each.message)) {
        nonce_ = query->nonce;
        asked_ = each.to;
      }
    }
    for (const auto& ready : all_of<ReadReady>(output.events)) ready_.push_back(ready.ticket);
    for (const auto& failed : all_of<ReadFailed>(output.events)) failed_.push_back(failed.ticket);
  }
  void settle(std::uint64_t applied, std::optional<std::uint64_t> own = {}) {
    reads_.settle(r(applied), own.has_value() ? std::optional(r(*own)) : std::nullopt);
    look();
  }
  void answer(std::uint64_t from, std::uint64_t untouched_from) {
    reads_.on(n(from), memory_of(from), {nonce_, r(untouched_from), r(untouched_from - 1)});
  }

  Parts parts_;
  Membership membership_;
  Reads reads_{parts_.shared, membership_};
  std::uint64_t nonce_ = 0;
  std::vector<NodeId> asked_;
  std::vector<std::uint64_t> ready_;
  std::vector<std::uint64_t> failed_;
};

// H23: a phase-1 quorum that touched nothing from h on bounds what may have been acknowledged.
TEST_F(ReadsTest, IsServedOnceEverythingBelowAQuorumsBoundIsApplied) {
  begin(1);
  settle(4, 6);
  EXPECT_EQ(asked_, (std::vector{n(2), n(3)}));
  EXPECT_TRUE(ready_.empty()) << "the own answer is no quorum";
  answer(2, 8);
  settle(4);
  EXPECT_TRUE(ready_.empty());
  settle(6);
  EXPECT_TRUE(ready_.empty()) << "round 7 may have been acknowledged";
  settle(7);
  EXPECT_EQ(ready_, (std::vector<std::uint64_t>{1}));
}

TEST_F(ReadsTest, ALaggingAnswerOfOneDoesNotLowerTheBound) {
  begin(1);
  settle(4);
  answer(2, 3);
  settle(4);
  EXPECT_TRUE(ready_.empty());
  answer(3, 9);
  settle(7);
  EXPECT_TRUE(ready_.empty());
  settle(8);
  EXPECT_EQ(ready_.size(), 1u);
}

TEST_F(ReadsTest, OnlyMemoriesInForceAndAnswersToThisQuestionCount) {
  begin(1);
  settle(4);
  reads_.on(n(2), Incarnation(1), {nonce_, r(1), r(0)});
  reads_.on(n(3), memory_of(3), {nonce_ + 1, r(1), r(0)});
  reads_.on(n(4), memory_of(4), {nonce_, r(1), r(0)});
  answer(3, 1);
  answer(3, 1);
  settle(4);
  EXPECT_TRUE(ready_.empty());
  answer(1, 1);
  settle(4);
  EXPECT_EQ(ready_.size(), 1u);
}

// RT-09: an answer that was given before the read began says nothing about it.
TEST_F(ReadsTest, AReadThatBeginsLaterNeedsTheNextQuestion) {
  begin(1);
  settle(4, 5);
  const std::uint64_t first = nonce_;
  begin(2);
  answer(2, 5);
  settle(4, 5);
  EXPECT_EQ(ready_, (std::vector<std::uint64_t>{1}));
  EXPECT_NE(nonce_, first) << "a question of its own";
  reads_.on(n(3), memory_of(3), {first, r(5), r(4)});
  settle(4, 5);
  EXPECT_EQ(ready_.size(), 1u);
  answer(3, 5);
  settle(4, 5);
  EXPECT_EQ(ready_, (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(ReadsTest, AsksThoseAgainWhoWereSilentAndFailsAtItsDeadline) {
  ASSERT_TRUE(reads_.begin({1, Timestamp(1'000'000)}));
  settle(4, 5);
  int questions = 0;
  while (failed_.empty()) {
    ASSERT_GT(reads_.deadline(), parts_.shared.now);
    ASSERT_LE(reads_.deadline(), Timestamp(1'000'000));
    parts_.shared.now = reads_.deadline();
    asked_.clear();
    reads_.tick(r(4));
    look();
    if (!asked_.empty()) ++questions;
  }
  EXPECT_EQ(parts_.shared.now, Timestamp(1'000'000));
  EXPECT_GE(questions, 2);
  EXPECT_TRUE(reads_.empty());
}

// Decision 14: a round below the bound that nobody settles makes the reader look for a leader.
TEST_F(ReadsTest, SaysWhatIsOpenOnceItHasWaited) {
  begin(1);
  settle(4, 5);
  answer(2, 8);
  answer(3, 8);
  settle(4, 5);
  EXPECT_EQ(reads_.stuck_below(), std::nullopt);
  parts_.shared.now = reads_.deadline();
  EXPECT_EQ(reads_.stuck_below(), r(7));
}

// Both clusters of the window are asked: the first open round is the old one's.
TEST_F(ReadsTest, AsksTheClusterOfTheFirstOpenRound) {
  parts_.state.clusters[r(8)] = std::make_shared<const Cluster>(cluster_of({4, 5, 6}));
  found(parts_.state);
  begin(1);
  settle(4, 5);
  EXPECT_NE(std::find(asked_.begin(), asked_.end(), n(2)), asked_.end());
  EXPECT_NE(std::find(asked_.begin(), asked_.end(), n(5)), asked_.end());
  answer(2, 5);
  settle(4, 5);
  EXPECT_EQ(ready_.size(), 1u);
}

TEST_F(ReadsTest, ForgedAnswersNeitherServeNorCrash) {
  begin(1);
  settle(4);
  reads_.on(n(2), memory_of(2), {nonce_, RoundNum::max(), RoundNum::max()});
  reads_.on(n(3), memory_of(3), {nonce_, RoundNum::max(), RoundNum::max()});
  settle(4);
  EXPECT_TRUE(ready_.empty());
  EXPECT_GT(reads_.deadline(), parts_.shared.now);
}

TEST_F(ReadsTest, IsBoundedAndCanBeEnded) {
  parts_.shared.options.limits.reads_max = 2;
  begin(1);
  begin(2);
  EXPECT_FALSE(reads_.begin({3, Timestamp::max()}));
  reads_.fail_all({});
  look();
  EXPECT_EQ(failed_.size(), 2u);
  EXPECT_TRUE(reads_.empty());
}

}  // namespace
}  // namespace synod::testing
