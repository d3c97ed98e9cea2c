#include "protocol/pace.hpp"

#include <gtest/gtest.h>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A node that asks nodes 1, 2 and 3, itself among them.
class PaceTest : public ::testing::Test {
 protected:
  void sync(Duration takes) {
    pace_.handed_over(++sequence_, now_);
    now_ = now_.after(takes);
    pace_.written(sequence_, now_);
  }
  void ask(std::uint64_t counter, Pace::Question question = Pace::Question::kAcceptance) {
    pace_.asked(question, c(counter, 1), r(5), electorate_, now_);
  }
  void answer(std::uint64_t counter, std::uint64_t from,
              Pace::Question question = Pace::Question::kAcceptance) {
    pace_.answered(question, c(counter, 1), r(4), 2, n(from), memory_of(from), now_);
  }
  [[nodiscard]] Duration patience() const { return pace_.patience(kUsual); }

  static constexpr Duration kUsual = seconds(1);
  ElectoratePtr electorate_ = electorate_of({1, 2, 3});
  Pace pace_;
  std::uint64_t sequence_ = 0;
  Timestamp now_ = Timestamp(1'000'000);
};

TEST_F(PaceTest, IsAsUsualWhereAnswersAreFast) {
  EXPECT_EQ(patience(), kUsual);
  for (int i = 0; i < 20; ++i) sync(milliseconds(2));
  EXPECT_EQ(patience(), kUsual);
}

TEST_F(PaceTest, FollowsSlowSyncsUpQuicklyAndDownAgain) {
  for (int i = 0; i < 4; ++i) sync(seconds(1));
  EXPECT_GT(patience(), 3 * kUsual);
  EXPECT_LE(patience(), 4 * kUsual);
  for (int i = 0; i < 100; ++i) sync(milliseconds(1));
  EXPECT_EQ(patience(), kUsual);
}

// H15: whom nobody answers is replaced, however slow the disks are.
TEST_F(PaceTest, IsBounded) {
  for (int i = 0; i < 100; ++i) sync(seconds(60));
  EXPECT_EQ(patience(), 10 * kUsual);
}

TEST_F(PaceTest, LearnsFromAQuorumNotFromTheSlowest) {
  ask(1);
  answer(1, 1);
  answer(1, 2);
  now_ = now_.after(seconds(30));
  answer(1, 3);
  EXPECT_EQ(patience(), kUsual);
}

TEST_F(PaceTest, LearnsFromAnswersToWhatWasGivenUp) {
  ask(1, Pace::Question::kPromise);
  now_ = now_.after(seconds(1));
  ask(2, Pace::Question::kPromise);
  now_ = now_.after(seconds(1));
  answer(1, 2, Pace::Question::kPromise);
  EXPECT_EQ(patience(), kUsual) << "one is no quorum";
  answer(1, 3, Pace::Question::kPromise);
  EXPECT_EQ(patience(), 4 * kUsual) << "half of the way from nothing to two seconds";
}

TEST_F(PaceTest, CountsEachVoterOnceAndOnlyAMemoryThatCounts) {
  ask(1);
  now_ = now_.after(seconds(5));
  answer(1, 2);
  answer(1, 2);
  pace_.answered(Pace::Question::kAcceptance, c(1, 1), r(5), 1, n(3), memory_of(9), now_);
  pace_.answered(Pace::Question::kAcceptance, c(1, 1), r(6), 9, n(3), memory_of(3), now_);
  pace_.answered(Pace::Question::kPromise, c(1, 1), r(5), 1, n(3), memory_of(3), now_);
  EXPECT_EQ(patience(), kUsual);
}

TEST_F(PaceTest, AWriteThatWaitsForSpaceSaysNothing) {
  pace_.handed_over(++sequence_, now_);
  pace_.forget_writes();
  now_ = now_.after(seconds(60));
  pace_.written(sequence_, now_);
  EXPECT_EQ(patience(), kUsual);
}

}  // namespace
}  // namespace synod::testing
