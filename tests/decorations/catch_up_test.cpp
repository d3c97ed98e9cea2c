#include <synod/decorations/catch_up.hpp>

#include <set>

#include <gtest/gtest.h>

#include "decorations/fake_context.hpp"

namespace synod::testing {
namespace {

class CatchUpTest : public ::testing::Test {
 protected:
  CatchUpTest() { catch_up.on_start(context); }
  void event(const Event& event) { catch_up.on_event(context, event); }
  void pass(int milliseconds) {
    context.pass(std::chrono::milliseconds(milliseconds), {&catch_up});
  }
  void progress(std::uint64_t peer, std::uint64_t settled_to, std::uint64_t retained_from = 1) {
    event(PeerProgress{NodeId(peer), RoundNum(settled_to), RoundNum(retained_from)});
  }
  // `peer` answers a fetch completely; what comes is applied where nothing is missing below.
  void answer(const FetchRange& range, std::uint64_t settled_to) {
    progress(range.peer.value(), settled_to);
    for (RoundNum round = range.first; round <= range.last; round = round.next()) {
      event(Committed{{round, {}, {}}});
      here.insert(round);
    }
    while (here.count(context.view.applied.next()) != 0) {
      context.view.applied = context.view.applied.next();
      event(Applied{{context.view.applied, {}, {}}, std::nullopt, {}, 1});
    }
  }

  FakeContext context{1, 4};
  CatchUp catch_up{CatchUp::Options{.range_rounds = 100, .in_flight_max = 3}};
  std::set<RoundNum> here;
};

TEST_F(CatchUpTest, DoesNothingWhileNothingIsMissing) {
  event(Applied{{RoundNum(5), {}, {}}, std::nullopt, {}, 1});
  context.view.applied = RoundNum(5);
  progress(2, 5);
  pass(60'000);
  EXPECT_TRUE(context.fetches.empty());
}

TEST_F(CatchUpTest, LeavesAShortGapToTheMessagesThatAreOnTheirWay) {
  event(Gaps{{{context.time, RoundNum(1), RoundNum(1)}}});
  pass(40);
  EXPECT_TRUE(context.fetches.empty());
}

TEST_F(CatchUpTest, FetchesRangesFromSeveralPeersAtOnce) {
  for (std::uint64_t peer = 2; peer <= 4; ++peer) {
    progress(peer, 250);
  }
  pass(50);
  ASSERT_EQ(context.fetches.size(), 3u);
  std::set<NodeId> peers;
  for (std::size_t i = 0; i < 3; ++i) {
    peers.insert(context.fetches[i].peer);
    EXPECT_EQ(context.fetches[i].first, RoundNum(100 * i + 1));
    EXPECT_EQ(context.fetches[i].last, RoundNum(i < 2 ? 100 * i + 100 : 250));
  }
  EXPECT_EQ(peers.size(), 3u);
}

TEST_F(CatchUpTest, ArrivesInWhateverOrderTheAnswersCome) {
  for (std::uint64_t peer = 2; peer <= 4; ++peer) {
    progress(peer, 950);
  }
  std::size_t answered = 0;
  for (int i = 0; i < 50 && context.view.applied < RoundNum(950); ++i) {
    pass(50);
    const std::size_t known = context.fetches.size();
    for (std::size_t next = known; next-- > answered;) {
      answer(FetchRange(context.fetches[next]), 950);
    }
    answered = known;
  }
  EXPECT_EQ(context.view.applied, RoundNum(950));
  EXPECT_EQ(context.fetches.size(), 10u);
  pass(60'000);
  EXPECT_EQ(context.fetches.size(), 10u);
}

TEST_F(CatchUpTest, GivesTheRangeOfASilentPeerToAnother) {
  progress(2, 80);
  progress(3, 80);
  pass(50);
  ASSERT_EQ(context.fetches.size(), 1u);
  pass(500);
  ASSERT_EQ(context.fetches.size(), 2u);
  EXPECT_NE(context.fetches[0].peer, context.fetches[1].peer);
  EXPECT_EQ(context.fetches[1].first, RoundNum(1));
}

TEST_F(CatchUpTest, AsksForTheRestOfAnAnswerThatWasCutShort) {
  progress(2, 80);
  pass(50);
  FetchRange part = context.fetches.at(0);
  part.last = RoundNum(30);
  answer(part, 80);
  pass(0);
  ASSERT_EQ(context.fetches.size(), 2u);
  EXPECT_EQ(context.fetches[1].first, RoundNum(31));
  EXPECT_EQ(context.fetches[1].last, RoundNum(80));
}

TEST_F(CatchUpTest, AsksOnceForWhatIsGoneAndThenWaitsForTheSnapshot) {
  progress(2, 5'000, 4'000);
  pass(50);
  ASSERT_EQ(context.fetches.size(), 1u);
  progress(2, 5'000, 4'000);  // The answer: nothing but where its log begins.
  pass(400);
  EXPECT_EQ(context.fetches.size(), 1u);
  context.view.applied = RoundNum(4'500);
  event(Installed{RoundNum(4'500)});
  pass(600);
  ASSERT_GE(context.fetches.size(), 2u);
  EXPECT_EQ(context.fetches.back().first, RoundNum(4'501));
}

TEST_F(CatchUpTest, ALaggingNodeAsksAroundUntilSomebodyIsAhead) {
  event(StandingChanged{Standing::kFollowing, Standing::kLagging});
  pass(60);
  EXPECT_EQ(context.fetches.size(), 3u);
  pass(1'000);
  EXPECT_EQ(context.fetches.size(), 6u);
  progress(3, 10);
  pass(0);
  ASSERT_EQ(context.fetches.size(), 7u);
  EXPECT_EQ(context.fetches.back().peer, NodeId(3));
  EXPECT_EQ(context.fetches.back().last, RoundNum(10));
}

}  // namespace
}  // namespace synod::testing
