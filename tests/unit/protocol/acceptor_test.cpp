#include "protocol/acceptor.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

class ScriptedVoter final : public Voter {
 public:
  CandidateVote contemplate_candidate(const Candidacy&) override {
    if (throws) throw std::runtime_error("broken voter");
    return {candidate, {}};
  }
  ProposalVote contemplate_proposal(const Proposal&) override {
    if (throws) throw std::runtime_error("broken voter");
    return {proposal, {}};
  }
  bool candidate = true;
  bool proposal = true;
  bool throws = false;
};

class AcceptorTest : public ::testing::Test {
 protected:
  [[nodiscard]] bool promises(std::uint64_t round, CoordNum coord) {
    return std::holds_alternative<Acceptor::Promising>(acceptor_.prepare({r(round), coord}));
  }
  std::vector<Record> records() { return parts_.take().records; }

  Parts parts_;
  ScriptedVoter voter_;
  Acceptor acceptor_{parts_.shared, parts_.learner, voter_};
};

TEST_F(AcceptorTest, EveryPromiseIsARecord) {
  EXPECT_TRUE(promises(1, c(5, 2)));
  EXPECT_EQ(records(), (std::vector<Record>{PromiseRecord{c(5, 2)}}));
  EXPECT_TRUE(promises(1, c(5, 2))) << "the same campaign asks again";
  EXPECT_TRUE(records().empty());
  EXPECT_TRUE(promises(1, c(5, 3))) << "the proposer breaks the tie";
}

TEST_F(AcceptorTest, ThePromiseNeverFalls) {
  ASSERT_TRUE(promises(1, c(5)));
  const auto answer = acceptor_.prepare({r(3), c(4, 3)});
  const auto* conflict = std::get_if<Conflict>(&answer);
  ASSERT_NE(conflict, nullptr);
  EXPECT_EQ(conflict->promised, c(5));
  EXPECT_EQ(conflict->coord, c(4, 3));
  EXPECT_EQ(acceptor_.promised(), c(5));
}

TEST_F(AcceptorTest, AcceptsFromItsPromiseOnAndRecordsIt) {
  ASSERT_TRUE(promises(1, c(5)));
  (void)records();
  EXPECT_TRUE(acceptor_.accept(c(4), r(1), {entry(1)}).conflict.has_value());
  EXPECT_TRUE(records().empty());
  const auto answer = acceptor_.accept(c(5), r(1), {entry(1), entry(2)});
  ASSERT_EQ(answer.accepted.size(), 1u);
  EXPECT_EQ(answer.accepted[0], (Acceptance{c(5), r(1), 2, {}}));
  EXPECT_EQ(records(), (std::vector<Record>{AcceptedRecord{placed(1, c(5), entry(1))},
                                            AcceptedRecord{placed(2, c(5), entry(2))}}));
}

// Decision 2: otherwise an older candidate could still win the very rounds that were accepted.
TEST_F(AcceptorTest, AcceptingRaisesThePromise) {
  ASSERT_EQ(acceptor_.accept(c(5), r(1), {entry(1)}).accepted.size(), 1u);
  EXPECT_EQ(acceptor_.promised(), c(5));
  EXPECT_FALSE(promises(1, c(4)));
}

// H7: one entry per round and number, ever.
TEST_F(AcceptorTest, AnotherEntryAtTheSameNumberIsNeverAccepted) {
  (void)acceptor_.accept(c(5), r(1), {entry(1)});
  (void)records();
  EXPECT_EQ(acceptor_.accept(c(5), r(1), {entry(1)}).accepted.size(), 1u) << "a repeat";
  EXPECT_TRUE(records().empty());
  const auto answer = acceptor_.accept(c(5), r(1), {entry(2)});
  EXPECT_FALSE(answer.violation.empty());
  EXPECT_TRUE(answer.accepted.empty());
}

TEST_F(AcceptorTest, ALaterNumberReplacesWhatWasAccepted) {
  (void)acceptor_.accept(c(5), r(1), {entry(1)});
  EXPECT_EQ(acceptor_.accept(c(6), r(1), {entry(2)}).accepted.size(), 1u);
  EXPECT_EQ(acceptor_.accepted(r(1))->entry, entry(2));
}

// H17: acceptances of applied rounds are gone, so the promise says from where on it speaks.
TEST_F(AcceptorTest, APromiseSpeaksOnlyForRoundsThatAreNotGone) {
  (void)acceptor_.accept(c(5), r(1), {entry(1), entry(2), entry(3)});
  parts_.apply_to(2);
  acceptor_.drop_applied(r(2));
  ASSERT_TRUE(promises(1, c(6)));
  const std::vector<Promise> pages = acceptor_.pages({r(1), c(6)}, {});
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_EQ(pages[0].speaks_from, r(3));
  ASSERT_EQ(pages[0].accepted.size(), 1u);
  EXPECT_EQ(pages[0].accepted[0].round, r(3));
}

TEST_F(AcceptorTest, SettledRoundsAreAnsweredWithTheirEntry) {
  parts_.apply_to(3);
  const auto answer = acceptor_.accept(c(5), r(2), {entry(1), entry(2), entry(3)});
  ASSERT_TRUE(answer.conflict.has_value());
  EXPECT_EQ(answer.conflict->settled_to, r(3));
  ASSERT_TRUE(answer.conflict->settled.has_value());
  EXPECT_EQ(answer.conflict->settled->round, r(2));
  ASSERT_EQ(answer.accepted.size(), 1u) << "the rounds above are free";
  EXPECT_EQ(answer.accepted[0].first, r(4));
}

TEST_F(AcceptorTest, PagesHoldEverythingInOrder) {
  parts_.shared.options.limits.promise_page_entries_max = 4;
  std::vector<Entry> entries;
  for (std::uint64_t id = 1; id <= 10; ++id) entries.push_back(entry(id));
  (void)acceptor_.accept(c(5), r(1), entries);
  const std::vector<Promise> pages = acceptor_.pages({r(3), c(6)}, {});
  ASSERT_EQ(pages.size(), 2u);
  std::uint64_t round = 3;
  for (std::uint32_t page = 0; page < 2; ++page) {
    EXPECT_EQ(pages[page].page, page);
    EXPECT_EQ(pages[page].pages, 2u);
    for (const PlacedEntry& each : pages[page].accepted) EXPECT_EQ(each.round, r(round++));
  }
  EXPECT_EQ(round, 11u);
}

TEST_F(AcceptorTest, AVoterCanRefuseAndCannotCrashTheNode) {
  voter_.candidate = voter_.proposal = false;
  for (const bool throws : {false, true}) {
    voter_.throws = throws;
    EXPECT_TRUE(std::holds_alternative<Abstention>(acceptor_.prepare({r(1), c(5)})));
    const auto answer = acceptor_.accept(c(5), r(1), {entry(1)});
    EXPECT_EQ(answer.rejected.size(), 1u);
    EXPECT_TRUE(answer.accepted.empty());
    EXPECT_EQ(acceptor_.promised(), CoordNum{});
    EXPECT_TRUE(records().empty());
  }
}

// Decision 12, H15: a leader that a quorum follows is shielded; one that hears nobody is not.
TEST_F(AcceptorTest, ALeaderThatWorksIsShieldedForAWhile) {
  parts_.shared.options.stickiness = std::chrono::milliseconds(500);
  ASSERT_TRUE(promises(1, c(5, 2)));
  acceptor_.leader_shown(c(5, 2), std::chrono::milliseconds(600));
  EXPECT_TRUE(promises(1, c(6, 3))) << "the leader heard no quorum";
  acceptor_.leader_shown(c(6, 3), std::chrono::milliseconds(100));
  const auto answer = acceptor_.prepare({r(1), c(7, 2)});
  ASSERT_TRUE(std::holds_alternative<Abstention>(answer));
  EXPECT_TRUE(std::get<Abstention>(answer).sticky);
  EXPECT_TRUE(promises(1, c(8, 3))) << "the leader itself";
  parts_.pass(std::chrono::milliseconds(401));
  EXPECT_TRUE(promises(1, c(9, 2)));
}

// RT-30: one bogus number near the maximum must not end all campaigns.
TEST_F(AcceptorTest, NumbersOutOfAllReasonAreIgnored) {
  const CoordNum bogus = c(~0ull, 3);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(acceptor_.prepare({r(1), bogus})));
  EXPECT_TRUE(acceptor_.accept(bogus, r(1), {entry(1)}).accepted.empty());
  acceptor_.note_counter(bogus);
  EXPECT_EQ(acceptor_.counter_seen(), 0u);
  EXPECT_TRUE(promises(1, c(5)));
}

TEST_F(AcceptorTest, RoundsTooFarAheadArePassedOver) {
  parts_.shared.options.limits.accepted_ahead_max = 10;
  const auto answer = acceptor_.accept(c(5), r(10), {entry(1), entry(2)});
  EXPECT_EQ(answer.accepted.size(), 1u);
  EXPECT_TRUE(answer.too_far);
  const auto far = acceptor_.accept(c(5), RoundNum::max(), {entry(1), entry(2)});
  EXPECT_TRUE(far.accepted.empty());
  EXPECT_TRUE(far.too_far);
}

TEST_F(AcceptorTest, RemembersWhatItsRecordsSay) {
  ASSERT_TRUE(promises(1, c(3)));
  (void)acceptor_.accept(c(5), r(1), {entry(1), entry(2)});
  (void)acceptor_.accept(c(6), r(2), {entry(3)});
  Acceptor again(parts_.shared, parts_.learner, voter_);
  for (const Record& record : records()) {
    if (const auto* promise = std::get_if<PromiseRecord>(&record)) again.restore(*promise);
    if (const auto* accepted = std::get_if<AcceptedRecord>(&record)) again.restore(*accepted);
  }
  EXPECT_EQ(again.promised(), c(6));
  EXPECT_EQ(again.counter_seen(), 6u);
  EXPECT_EQ(again.accepted(r(1))->entry, entry(1));
  EXPECT_EQ(again.accepted(r(2))->entry, entry(3));
  EXPECT_EQ(again.accepted(r(2))->coord, c(6));
}

// H19: what is left of the promise and of the acceptances is written again.
TEST_F(AcceptorTest, ACheckpointHoldsThePromiseAndWhatIsLeft) {
  (void)acceptor_.accept(c(5), r(1), {entry(1), entry(2)});
  ASSERT_TRUE(promises(1, c(7)));
  parts_.apply_to(1);
  acceptor_.drop_applied(r(1));
  (void)records();
  acceptor_.write_anew();
  EXPECT_EQ(records(), (std::vector<Record>{PromiseRecord{c(7)},
                                            AcceptedRecord{placed(2, c(5), entry(2))}}));
}

}  // namespace
}  // namespace synod::testing
