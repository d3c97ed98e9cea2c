#include "protocol/readmission.hpp"

#include <gtest/gtest.h>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

constexpr Incarnation kNew(333);

// Node 1, a voting member, and node 3, which comes back with another memory.
class ReadmissionTest : public ::testing::Test {
 protected:
  ReadmissionTest() { membership_.found(genesis_of({1, 2, 3})); }

  // What node 3 is asked to send back; 0 where it is not asked.
  std::uint64_t announce(Incarnation incarnation, Incarnation expected,
                         std::uint64_t challenge = 0) {
    readmission_.on(n(3), incarnation, Announcement{expected, challenge});
    const auto challenges = all_of<Challenge>(parts_.take().messages);
    return challenges.empty() ? 0 : challenges[0].challenge;
  }

  Parts parts_;
  Membership membership_;
  Readmission readmission_{parts_.shared, membership_};
};

TEST_F(ReadmissionTest, ALeaderProposesAMemoryThatAnsweredItsChallenge) {
  const std::uint64_t challenge = announce(kNew, memory_of(3));
  ASSERT_NE(challenge, 0u);
  EXPECT_FALSE(readmission_.due(true, true).has_value()) << "it has not answered yet";
  EXPECT_EQ(announce(kNew, memory_of(3), challenge), 0u);
  EXPECT_EQ(readmission_.due(true, true), (Readmit{n(3), memory_of(3), kNew}));
  EXPECT_FALSE(readmission_.due(true, true).has_value()) << "once";
}

// H16: an answer from an earlier life, or to another challenge, proves nothing.
TEST_F(ReadmissionTest, OnlyAnAnswerToItsOwnFreshChallengeCounts) {
  const std::uint64_t challenge = announce(kNew, memory_of(3));
  (void)announce(kNew, memory_of(3), challenge + 2);
  EXPECT_FALSE(readmission_.due(true, true).has_value());
  (void)announce(Incarnation(334), memory_of(3), challenge);
  EXPECT_FALSE(readmission_.due(true, true).has_value()) << "another memory";
  const std::uint64_t second = announce(kNew, memory_of(3));
  EXPECT_NE(second, challenge);
  (void)announce(kNew, memory_of(3), challenge);
  EXPECT_FALSE(readmission_.due(true, true).has_value()) << "the challenge before";
  (void)announce(kNew, memory_of(3), second);
  EXPECT_TRUE(readmission_.due(true, true).has_value());
}

TEST_F(ReadmissionTest, NothingHappensUnlessTheLastMemoryIsExpected) {
  EXPECT_EQ(announce(kNew, Incarnation(9)), 0u);
  EXPECT_EQ(announce(memory_of(3), memory_of(3)), 0u) << "it counts already";
}

// Found by seed 225 of five nodes: a member that was stopped while others admitted this memory, and a
// later one after it was lost as well, put it in the place of the one that was alive.
TEST_F(ReadmissionTest, AMemoryThatWasLostAgainIsNotProposedInPlaceOfALaterOne) {
  (void)announce(kNew, memory_of(3), announce(kNew, memory_of(3)));
  constexpr Incarnation kLater(444);
  ASSERT_TRUE(membership_.readmit({n(3), memory_of(3), kNew}, r(4), r(10)));
  ASSERT_TRUE(membership_.readmit({n(3), kNew, kLater}, r(5), r(11)));
  EXPECT_FALSE(readmission_.due(true, false).has_value());
  EXPECT_EQ(readmission_.deadline(), Timestamp::max());
}

TEST_F(ReadmissionTest, NobodyIsReadmittedWithoutAMemory) {
  const std::uint64_t challenge = announce(Incarnation(0), memory_of(3));
  (void)announce(Incarnation(0), memory_of(3), challenge);
  EXPECT_FALSE(readmission_.due(true, true).has_value());
}

TEST_F(ReadmissionTest, WithoutALeaderEachMemberWaitsForItsTurn) {
  (void)announce(kNew, memory_of(3), announce(kNew, memory_of(3)));
  EXPECT_FALSE(readmission_.due(false, true).has_value()) << "the leader does it";
  const Timestamp turn = readmission_.deadline();
  ASSERT_LT(turn, Timestamp::max());
  parts_.shared.now = turn;
  EXPECT_FALSE(readmission_.due(false, true).has_value());
  EXPECT_TRUE(readmission_.due(false, false).has_value());
  EXPECT_EQ(readmission_.deadline(), Timestamp::max());
}

TEST_F(ReadmissionTest, ANodeThatAnnouncesItselfAgainKeepsItsTurn) {
  (void)announce(kNew, memory_of(3), announce(kNew, memory_of(3)));
  const Timestamp turn = readmission_.deadline();
  ASSERT_GT(turn, parts_.shared.now);
  EXPECT_EQ(announce(kNew, memory_of(3)), 0u) << "it has answered";
  parts_.shared.now = turn.after(Duration(1));
  EXPECT_EQ(readmission_.due(false, false), (Readmit{n(3), memory_of(3), kNew}));
  // Another memory has proven nothing yet.
  (void)announce(kNew, memory_of(3), announce(kNew, memory_of(3)));
  EXPECT_NE(announce(Incarnation(334), memory_of(3)), 0u);
  EXPECT_FALSE(readmission_.due(true, true).has_value());
}

// Found by seed 918 of five nodes: nothing from the node reached the leader, which all others heard.
TEST_F(ReadmissionTest, AMemberVouchesToALeaderThatDoesNotLetAMemoryIn) {
  (void)announce(kNew, memory_of(3), announce(kNew, memory_of(3)));
  parts_.shared.now = readmission_.deadline();
  readmission_.vouch(n(2));
  EXPECT_TRUE(parts_.take().messages.empty()) << "the leader may have heard it itself";
  const Timestamp late = readmission_.deadline();
  ASSERT_GT(late, parts_.shared.now);
  ASSERT_LT(late, Timestamp::max());
  parts_.shared.now = late;
  readmission_.vouch(n(2));
  const auto vouched = all_of<Vouch>(parts_.take().messages);
  ASSERT_EQ(vouched.size(), 1u);
  EXPECT_EQ(vouched[0], (Vouch{{n(3), memory_of(3), kNew}}));
  readmission_.vouch(n(2));
  EXPECT_TRUE(parts_.take().messages.empty()) << "once";
  EXPECT_NE(announce(kNew, memory_of(3)), 0u) << "and again if that came to nothing";
}

TEST_F(ReadmissionTest, ALeaderProposesAMemoryThatAnotherVouchesFor) {
  readmission_.on(Vouch{{n(3), memory_of(3), kNew}});
  EXPECT_FALSE(readmission_.due(false, true).has_value()) << "it leads no more";
  EXPECT_LT(readmission_.deadline(), Timestamp::max()) << "then it vouches itself";
  EXPECT_EQ(readmission_.due(true, true), (Readmit{n(3), memory_of(3), kNew}));
  EXPECT_FALSE(readmission_.due(true, true).has_value()) << "once";
}

TEST_F(ReadmissionTest, AnOldOrAnEmptyVouchIsOfNoUse) {
  constexpr Incarnation kLater(444);
  readmission_.on(Vouch{{n(3), memory_of(3), Incarnation(0)}});
  readmission_.on(Vouch{{n(3), memory_of(3), memory_of(3)}});
  readmission_.on(Vouch{{n(3), kLater, kNew}});
  readmission_.on(Vouch{{n(1), memory_of(1), kNew}});  // Of this node, which is alive.
  EXPECT_FALSE(readmission_.due(true, true).has_value());
  readmission_.on(Vouch{{n(3), memory_of(3), kNew}});
  ASSERT_TRUE(membership_.readmit({n(3), memory_of(3), kLater}, r(4), r(10)));
  readmission_.on(Vouch{{n(3), memory_of(3), kNew}});
  EXPECT_FALSE(readmission_.due(true, true).has_value()) << "another memory came first";
}

TEST_F(ReadmissionTest, ThePassiveNodeAnnouncesItselfNowAndThen) {
  parts_.shared.options.incarnation = kNew;
  readmission_.announce({n(2), n(3)});
  readmission_.announce({n(2), n(3)});
  const auto sent = all_of<Announcement>(parts_.take().messages);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0], (Announcement{memory_of(1), 0}));
  EXPECT_GT(readmission_.announce_at(), parts_.shared.now);
  readmission_.on(n(2), Challenge{77});
  const auto answers = all_of<Announcement>(parts_.take().messages);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0], (Announcement{memory_of(1), 77}));
}

}  // namespace
}  // namespace synod::testing
