#include <synod/decorations/track_leadership.hpp>

#include <gtest/gtest.h>

#include "decorations/fake_context.hpp"

namespace synod::testing {
namespace {

class TrackLeadershipTest : public ::testing::Test {
 protected:
  TrackLeadershipTest() { leadership.on_start(context); }
  void see(DirectiveKind kind, std::uint64_t leader, std::uint64_t counter,
           Duration quorum_age = Duration::zero()) {
    leadership.on_event(context, directive(kind, leader, counter, context.time, quorum_age));
  }

  FakeContext context{1};
  TrackLeadership leadership{TrackLeadership::Options{std::chrono::milliseconds(1000),
                                                      std::chrono::milliseconds(600)}};
};

TEST_F(TrackLeadershipTest, ACandidateIsALeaderOnlyInTheLaxSense) {
  see(DirectiveKind::kPrepare, 2, 5);
  EXPECT_FALSE(leadership.leader().has_value());
  EXPECT_EQ(leadership.lax_leader(), NodeId(2));
  see(DirectiveKind::kAccept, 2, 5);
  EXPECT_EQ(leadership.leader(), NodeId(2));
}

TEST_F(TrackLeadershipTest, TheHigherNumberLeads) {
  see(DirectiveKind::kAccept, 2, 5);
  see(DirectiveKind::kAccept, 3, 6);
  EXPECT_EQ(leadership.leader(), NodeId(3));
  see(DirectiveKind::kAccept, 2, 5);  // A late one.
  EXPECT_EQ(leadership.leader(), NodeId(3));
}

TEST_F(TrackLeadershipTest, ACandidateDoesNotUnseatALeaderThatStillActs) {
  see(DirectiveKind::kAccept, 2, 5);
  see(DirectiveKind::kPrepare, 3, 6);
  EXPECT_EQ(leadership.leader(), NodeId(2));
  EXPECT_EQ(leadership.lax_leader(), NodeId(3));
}

TEST_F(TrackLeadershipTest, ForgetsALeaderThatIsSilent) {
  see(DirectiveKind::kAccept, 2, 5);
  context.pass(std::chrono::milliseconds(500), {&leadership});
  see(DirectiveKind::kCommit, 2, 5);
  context.pass(std::chrono::milliseconds(550), {&leadership});
  EXPECT_EQ(leadership.leader(), NodeId(2));
  context.pass(std::chrono::milliseconds(500), {&leadership});
  EXPECT_FALSE(leadership.leader().has_value());
}

// H15: it can send, and followers hear it, but it hears no quorum.
TEST_F(TrackLeadershipTest, ALeaderThatNoQuorumAnswersIsNotAlive) {
  for (int age = 0; age <= 10; ++age) {
    see(DirectiveKind::kCommit, 2, 5, std::chrono::milliseconds(100 * age));
    EXPECT_EQ(leadership.leader().has_value(), age < 6) << "after " << age << " tenths of a second";
    context.pass(std::chrono::milliseconds(100), {&leadership});
  }
}

TEST_F(TrackLeadershipTest, ALeaderThatDoesNotKnowItsQuorumIsTakenAtItsWordForAWhile) {
  see(DirectiveKind::kCommit, 2, 5, Duration::max());
  EXPECT_EQ(leadership.leader(), NodeId(2));
  context.pass(std::chrono::milliseconds(700), {&leadership});
  see(DirectiveKind::kCommit, 2, 5, Duration::max());
  EXPECT_FALSE(leadership.leader().has_value());
}

TEST_F(TrackLeadershipTest, ItsOwnMandateLastsUntilItIsLost) {
  leadership.on_event(context, MandateWon{coord(7, 1), RoundNum(1)});
  EXPECT_TRUE(leadership.leading());
  context.pass(std::chrono::seconds(60), {&leadership});
  EXPECT_EQ(leadership.leader(), NodeId(1));
  leadership.on_event(context, MandateLost{coord(7, 1), coord(8, 2)});
  EXPECT_FALSE(leadership.leading());
  EXPECT_FALSE(leadership.leader().has_value());
}

TEST_F(TrackLeadershipTest, TellsEachChangeOnce) {
  std::vector<std::uint64_t> told;
  leadership.subscribe(
      [&told](std::optional<NodeId> leader) { told.push_back(leader.value_or(NodeId(0)).value()); });
  see(DirectiveKind::kAccept, 2, 5);
  see(DirectiveKind::kAccept, 2, 5);
  see(DirectiveKind::kAccept, 3, 6);
  context.pass(std::chrono::seconds(5), {&leadership});
  EXPECT_EQ(told, (std::vector<std::uint64_t>{2, 3, 0}));
}

TEST_F(TrackLeadershipTest, RemembersABoundedNumberOfMandates) {
  for (std::uint64_t counter = 1; counter < 100; ++counter) {
    see(DirectiveKind::kPrepare, 2 + counter % 2, counter);
    EXPECT_LE(leadership.mandates().size(), 8u);
  }
  EXPECT_EQ(leadership.mandates().back().coord.counter, 99u);
}

}  // namespace
}  // namespace synod::testing
