#include <synod/decorations/heartbeats.hpp>

#include <gtest/gtest.h>

#include "decorations/fake_context.hpp"

namespace synod::testing {
namespace {

class HeartbeatsTest : public ::testing::Test {
 protected:
  HeartbeatsTest() {
    leadership.on_start(context);
    heartbeats.on_start(context);
  }
  void event(const Event& event) {
    leadership.on_event(context, event);
    heartbeats.on_event(context, event);
  }
  void pass(int milliseconds) {
    context.pass(std::chrono::milliseconds(milliseconds), {&leadership, &heartbeats});
  }

  FakeContext context{1};
  TrackLeadership leadership;
  Heartbeats heartbeats{
      Heartbeats::Options{std::chrono::milliseconds(1000), std::chrono::milliseconds(400)},
      leadership};
};

TEST_F(HeartbeatsTest, ALeaderSettlesANoopAfterSilence) {
  event(MandateWon{coord(3, 1), RoundNum(1)});
  pass(399);
  EXPECT_TRUE(context.appends.empty());
  pass(1);
  ASSERT_EQ(context.appends.size(), 1u);
  EXPECT_EQ(context.appends[0].entry.kind, EntryKind::kNoop);
  EXPECT_EQ(context.appends[0].importance, Importance::kMaintainLeadership);
  EXPECT_TRUE(context.fetches.empty());
}

TEST_F(HeartbeatsTest, SaysNothingWhileOthersKeepTheClusterAwake) {
  event(MandateWon{coord(3, 1), RoundNum(1)});
  for (int i = 0; i < 20; ++i) {
    pass(300);
    event(Applied{{RoundNum(1), {}, {}}, std::nullopt, {}, 1});
  }
  EXPECT_TRUE(context.appends.empty());
}

TEST_F(HeartbeatsTest, AFollowerAsksTheLeaderForTheNextRound) {
  context.view.applied = RoundNum(41);
  pass(500);
  event(directive(DirectiveKind::kAccept, 3, 5, context.time));
  pass(500);
  ASSERT_EQ(context.fetches.size(), 1u);
  EXPECT_EQ(context.fetches[0].peer, NodeId(3));
  EXPECT_EQ(context.fetches[0].first, RoundNum(42));
  EXPECT_EQ(context.fetches[0].last, RoundNum(42));
  EXPECT_TRUE(context.appends.empty());
}

TEST_F(HeartbeatsTest, WithoutALeaderItAsksOthersAtRandomButNeverItself) {
  pass(60'000);
  EXPECT_EQ(context.fetches.size(), 60u);
  std::size_t second = 0;
  for (const FetchRange& range : context.fetches) {
    ASSERT_NE(range.peer, NodeId(1));
    second += range.peer == NodeId(2) ? 1 : 0;
  }
  EXPECT_GT(second, 10u);
  EXPECT_LT(second, 50u);
}

TEST_F(HeartbeatsTest, IsSilentWithoutAState) {
  event(StandingChanged{Standing::kFollowing, Standing::kDisoriented});
  pass(10'000);
  EXPECT_TRUE(context.fetches.empty());
  event(StandingChanged{Standing::kDisoriented, Standing::kFollowing});
  pass(1'000);
  EXPECT_EQ(context.fetches.size(), 1u);
}

}  // namespace
}  // namespace synod::testing
