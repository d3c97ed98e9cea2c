#include "protocol/learner.hpp"

#include <gtest/gtest.h>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

using Learned = Learner::Learned;

class LearnerTest : public ::testing::Test {
 protected:
  Learned learn(std::uint64_t round, Entry what, std::optional<std::uint64_t> held_by = {}) {
    return learner_.learn(placed(round, c(1), std::move(what)), held_by);
  }
  int apply_all() {
    int applied = 0;
    while (learner_.apply_next().has_value()) ++applied;
    return applied;
  }
  std::vector<RoundNum> marks(const Output& output) {
    std::vector<RoundNum> marks;
    for (const auto& mark : all_of<CommitMarkRecord>(output.lazy_records)) {
      marks.push_back(mark.round);
    }
    return marks;
  }

  Parts parts_;
  Learner& learner_ = parts_.learner;
};

TEST_F(LearnerTest, AppliesInOrderWithoutAHole) {
  EXPECT_EQ(learn(3, entry(3, "c")), Learned::kNew);
  EXPECT_EQ(learn(1, entry(1, "a")), Learned::kNew);
  EXPECT_EQ(apply_all(), 1);
  EXPECT_TRUE(learner_.has_pending());
  EXPECT_EQ(learn(2, entry(2, "b")), Learned::kNew);
  EXPECT_EQ(apply_all(), 2);
  const auto& log = parts_.state.applied;
  ASSERT_EQ(log.size(), 3u);
  EXPECT_EQ(log[1], std::make_pair(r(2), std::string("b")));
  EXPECT_EQ(learner_.applied(), r(3));
  EXPECT_FALSE(learner_.has_pending());
}

TEST_F(LearnerTest, ARoundNeverHasTwoCommittedEntries) {
  EXPECT_EQ(learn(1, entry(1)), Learned::kNew);
  EXPECT_EQ(learn(1, entry(1)), Learned::kKnown);
  EXPECT_EQ(learn(1, entry(2)), Learned::kContradiction);
  apply_all();
  EXPECT_EQ(learn(1, entry(2)), Learned::kContradiction) << "also once it is applied";
}

// The expiry and the tag belong to the entry: two that differ there have different effects.
TEST_F(LearnerTest, EntriesThatDifferOnlyInTheirExpiryContradict) {
  EXPECT_EQ(learn(1, entry(1)), Learned::kNew);
  Entry other = entry(1);
  other.last_round = r(5);
  EXPECT_EQ(learn(1, other), Learned::kContradiction);
}

// H13: one effect per id; and none past the expiry.
TEST_F(LearnerTest, AnIdTakesEffectOnceAndNotPastItsExpiry) {
  Entry late = entry(2);
  late.last_round = r(2);
  learn(1, entry(1));
  learn(2, entry(1));
  learn(3, late);
  learn(4, Entry{.id = {9, 9}, .kind = EntryKind::kNoop, .payload = {}});
  (void)learner_.apply_next();
  const auto repeat = learner_.apply_next();
  EXPECT_EQ(repeat->skipped, SkipReason::kRepeat);
  EXPECT_EQ(repeat->repeat_of, r(1));
  EXPECT_EQ(learner_.apply_next()->skipped, SkipReason::kExpired);
  EXPECT_EQ(learner_.apply_next()->skipped, SkipReason::kNoop);
  EXPECT_EQ(parts_.state.applied.size(), 1u);
  EXPECT_EQ(parts_.state.skipped.size(), 3u);
}

TEST_F(LearnerTest, RoundsTooFarAheadAreNotKept) {
  const std::uint64_t ahead = parts_.shared.options.limits.accepted_ahead_max;
  EXPECT_EQ(learn(ahead, entry(1)), Learned::kNew);
  EXPECT_EQ(learn(ahead + 1, entry(2)), Learned::kTooFar);
  EXPECT_EQ(learn(~0ull, entry(3)), Learned::kTooFar);
}

// H18: an entry that no acceptance of this node holds is a record before the mark passes it.
TEST_F(LearnerTest, WhatNoAcceptanceHoldsIsARecordBeforeTheMark) {
  learn(1, entry(1));
  apply_all();
  learner_.emit_mark();
  const Output& output = parts_.take();
  ASSERT_EQ(output.lazy_records.size(), 2u);
  EXPECT_EQ(output.lazy_records[0], Record(CommittedRecord{placed(1, c(1), entry(1))}));
  EXPECT_EQ(output.lazy_records[1], Record(CommitMarkRecord{r(1)}));
}

// H18: the mark waits for the acceptance that holds the entry.
TEST_F(LearnerTest, TheMarkWaitsUntilTheAcceptanceIsDurable) {
  learn(1, entry(1), 4);
  apply_all();
  learner_.emit_mark();
  EXPECT_TRUE(parts_.take().lazy_records.empty());
  learner_.written(3);
  learner_.emit_mark();
  EXPECT_TRUE(parts_.take().lazy_records.empty());
  learner_.written(4);
  learner_.emit_mark();
  EXPECT_EQ(marks(parts_.take()), (std::vector{r(1)}));
}

TEST_F(LearnerTest, DurablyAppliedFollowsTheMarks) {
  learn(1, entry(1));
  apply_all();
  learner_.emit_mark();
  const std::uint64_t first = parts_.take().sequence;
  learn(2, entry(2));
  apply_all();
  learner_.emit_mark();
  const std::uint64_t second = parts_.take().sequence;
  EXPECT_EQ(learner_.durably_applied(), r(0));
  learner_.written(first);
  EXPECT_EQ(learner_.durably_applied(), r(1));
  learner_.written(second);
  // Nothing else happens: what is durable counts all the same (H20 waits for it).
  learner_.emit_mark();
  EXPECT_EQ(learner_.durably_applied(), r(2));
}

TEST_F(LearnerTest, AGapKeepsItsAgeWhileItShrinks) {
  learn(5, entry(5));
  learner_.refresh_gaps();
  ASSERT_EQ(learner_.gaps(), (std::vector<GapRange>{{Timestamp(), r(1), r(4)}}));
  parts_.pass(std::chrono::seconds(1));
  learn(2, entry(2));
  learn(8, entry(8));
  learner_.refresh_gaps();
  EXPECT_EQ(learner_.gaps(), (std::vector<GapRange>{{Timestamp(), r(1), r(1)},
                                                    {Timestamp(), r(3), r(4)},
                                                    {parts_.shared.now, r(6), r(7)}}));
  EXPECT_EQ(all_of<Gaps>(parts_.take().events).size(), 2u);
}

TEST_F(LearnerTest, KeepsOnlySoManyAppliedEntriesAndNoneAboveTheMarkGoes) {
  parts_.shared.options.limits.retained_entries_max = 10;
  parts_.apply_to(100);
  learner_.forget_old();
  EXPECT_EQ(learner_.retained_from(), r(1)) << "the mark has not passed them";
  learner_.emit_mark();
  learner_.forget_old();
  EXPECT_EQ(learner_.retained_from(), r(91));
  EXPECT_EQ(learner_.settled(r(90)), nullptr);
  EXPECT_NE(learner_.settled(r(91)), nullptr);
}

TEST_F(LearnerTest, GoesOnFromASnapshotAndMarksWaitUntilItIsSaved) {
  learn(12, entry(12));
  learner_.restart(r(10), 5, IdTable(1000), false);
  EXPECT_EQ(learner_.applied(), r(10));
  EXPECT_NE(learner_.settled(r(12)), nullptr);
  learn(11, entry(11));
  EXPECT_EQ(apply_all(), 2);
  learner_.emit_mark();
  EXPECT_TRUE(marks(parts_.take()).empty());
  EXPECT_EQ(learner_.durably_applied(), r(0));
  ASSERT_TRUE(learner_.write_anew(r(10), [](RoundNum) { return false; }));
  EXPECT_EQ(parts_.take().records.size(), 2u) << "both entries above the snapshot";
  learner_.emit_mark();
  EXPECT_TRUE(marks(parts_.take()).empty()) << "they are not durable yet";
  learner_.written(parts_.take().sequence);
  learner_.emit_mark();
  EXPECT_EQ(marks(parts_.take()), (std::vector{r(12)}));
}

TEST_F(LearnerTest, ReadingAJournalBackWritesNothing) {
  learner_.begin_replay();
  learn(1, entry(1));
  apply_all();
  learner_.end_replay();
  learner_.emit_mark();
  EXPECT_TRUE(parts_.take().lazy_records.empty());
  EXPECT_EQ(learner_.durably_applied(), r(1));
}

// A journal may hold more rounds above its snapshot than may be learned ahead at once.
TEST_F(LearnerTest, ReadingAJournalBackKnowsNoTooFar) {
  parts_.shared.options.limits.accepted_ahead_max = 2;
  learner_.begin_replay();
  for (std::uint64_t round = 1; round <= 5; ++round) {
    EXPECT_EQ(learn(round, entry(round), 0), Learned::kNew);
  }
  EXPECT_EQ(apply_all(), 5);
  learner_.end_replay();
  EXPECT_EQ(learner_.applied(), r(5));
  EXPECT_EQ(learn(8, entry(8)), Learned::kTooFar);
}

TEST_F(LearnerTest, WithoutAStateNothingIsApplied) {
  learner_.drop_state();
  learn(1, entry(1));
  EXPECT_EQ(apply_all(), 0);
}

}  // namespace
}  // namespace synod::testing
