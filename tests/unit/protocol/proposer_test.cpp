#include "protocol/proposer.hpp"

#include <gtest/gtest.h>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

class ProposerTest : public ::testing::Test {
 protected:
  ProposerTest() {
    parts_.state.window = 8;
    membership_.found(genesis_of({1, 2, 3}));
    extend();
  }

  void extend() {
    std::string why;
    const RoundNum end = parts_.learner.applied().plus(parts_.state.window);
    ASSERT_TRUE(membership_.extend(end, &parts_.state, 64, why)) << why;
  }
  // Leads from `first` on, with the promises of nodes 1 and 2, which reported `accepted`.
  void lead(std::uint64_t first, std::vector<PlacedEntry> accepted = {}) {
    Mandate mandate(c(9), r(first));
    Promise promise{c(9), r(first), r(first), 0, 1, std::move(accepted), {}};
    (void)mandate.add(n(1), memory_of(1), promise);
    (void)mandate.add(n(2), memory_of(2), promise);
    proposer_.assume(std::move(mandate));
  }
  void append(std::uint64_t id, RoundRange rounds = {}) {
    Append append;
    append.entry = entry(id);
    append.rounds = rounds;
    append.deadline = parts_.shared.now.after(std::chrono::seconds(10));
    ASSERT_TRUE(proposer_.enqueue(std::move(append)));
  }
  // Proposes everything that it can; the ids of the entries by round.
  std::map<RoundNum, EntryId> propose() {
    std::map<RoundNum, EntryId> ids;
    while (auto batch = proposer_.next_batch(membership_.known_to())) {
      RoundNum round = batch->first;
      for (const Entry& each : batch->entries) {
        ids[round] = each.id;
        round = round.next();
      }
      proposer_.send(std::move(*batch));
    }
    return ids;
  }
  std::vector<PlacedEntry> accept(std::uint64_t from, std::uint64_t first, std::uint32_t count = 1) {
    return accept(from, memory_of(from), first, count);
  }
  std::vector<PlacedEntry> accept(std::uint64_t from, Incarnation incarnation, std::uint64_t first,
                                  std::uint32_t count) {
    std::vector<PlacedEntry> chosen;
    proposer_.on(n(from), incarnation, Acceptance{c(9), r(first), count, {}}, chosen);
    return chosen;
  }
  std::vector<AppendFailed> failures() { return all_of<AppendFailed>(parts_.take().events); }

  Parts parts_;
  Membership membership_;
  Proposer proposer_{parts_.shared, membership_, parts_.learner};
};

TEST_F(ProposerTest, ProposesARunWithinTheWindow) {
  lead(1);
  for (std::uint64_t id = 1; id <= 20; ++id) append(id);
  const auto ids = propose();
  ASSERT_EQ(ids.size(), 8u);
  EXPECT_EQ(ids.at(r(8)), entry(8).id);
  const auto proposals = all_of<Propose>(parts_.take().messages);
  ASSERT_EQ(proposals.size(), 1u);
  EXPECT_EQ(proposals[0].entries.size(), 8u);
  EXPECT_EQ(proposer_.queued(), 12u);
}

// An entry that phase 1 forces is never replaced, and H14: holes are closed at once, with no-ops.
TEST_F(ProposerTest, ANewLeaderSettlesWhatWasReportedAndTheHolesBelow) {
  lead(1, {placed(2, c(3), entry(50)), placed(5, c(4), entry(60))});
  append(1);
  const auto ids = propose();
  ASSERT_EQ(ids.size(), 6u);
  EXPECT_EQ(ids.at(r(2)), entry(50).id);
  EXPECT_EQ(ids.at(r(5)), entry(60).id);
  EXPECT_EQ(ids.at(r(6)), entry(1).id);
  const auto proposals = all_of<Propose>(parts_.take().messages);
  ASSERT_EQ(proposals.size(), 1u);
  for (const std::size_t hole : {0, 2, 3}) {
    EXPECT_EQ(proposals[0].entries[hole].kind, EntryKind::kNoop);
    EXPECT_FALSE(proposals[0].entries[hole].id.is_nil());
  }
}

TEST_F(ProposerTest, WithoutAnythingToDoItProposesNothing) {
  lead(1);
  EXPECT_TRUE(propose().empty());
  proposer_.settle_up_to(r(2));
  EXPECT_EQ(propose().size(), 2u);
}

// H2: the promises of {1, 2} are no quorum of {3, 4, 5}: those are asked first, at the same number.
TEST_F(ProposerTest, ARoundOfAnotherElectorateNeedsItsOwnPromises) {
  GenesisMap genesis = genesis_of({1, 2, 3});
  Membership membership;
  membership.restart(r(0), genesis, {{n(4), r(3), memory_of(4)}, {n(5), r(3), memory_of(5)}});
  parts_.state.clusters[r(3)] = std::make_shared<const Cluster>(cluster_of({3, 4, 5}));
  membership_ = membership;
  extend();
  lead(1);
  for (std::uint64_t id = 1; id <= 4; ++id) append(id);
  EXPECT_EQ(propose().size(), 2u);
  const auto asked = parts_.take().after_records;
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].to, (std::vector{n(3), n(4), n(5)}));
  EXPECT_EQ(std::get<Prepare>(asked[0].message), (Prepare{r(3), c(9)}));
  EXPECT_LE(proposer_.deadline(), parts_.shared.now.after(std::chrono::milliseconds(200)));

  Promise late{c(9), r(3), r(3), 0, 1, {placed(3, c(5, 4), entry(70))}, {}};
  EXPECT_TRUE(proposer_.on(n(4), memory_of(4), late));
  EXPECT_TRUE(propose().empty()) << "one of three is no quorum";
  late.accepted.clear();
  EXPECT_TRUE(proposer_.on(n(5), memory_of(5), late));
  const auto ids = propose();
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_EQ(ids.at(r(3)), entry(70).id) << "what they report is honoured";
  EXPECT_EQ(ids.at(r(4)), entry(3).id);
}

// H1, RT-31: a set of ids, each with the memory that is in force.
TEST_F(ProposerTest, ChoosesOnceAQuorumOfNodesAccepted) {
  lead(1);
  append(1);
  (void)propose();
  EXPECT_TRUE(accept(2, 1).empty());
  EXPECT_TRUE(accept(2, 1).empty()) << "a repeat";
  EXPECT_TRUE(accept(4, 1).empty()) << "no member";
  EXPECT_TRUE(accept(3, Incarnation(9), 1, 1).empty()) << "another memory";
  const auto chosen = accept(3, 1);
  ASSERT_EQ(chosen.size(), 1u);
  EXPECT_EQ(chosen[0], placed(1, c(9), entry(1)));
  EXPECT_TRUE(accept(1, 1).empty()) << "once";
}

// RT-11: acceptances at another number never add up with these.
TEST_F(ProposerTest, AcceptancesAtAnotherNumberDoNotCount) {
  lead(1);
  append(1);
  (void)propose();
  std::vector<PlacedEntry> chosen;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    proposer_.on(n(id), memory_of(id), Acceptance{c(8), r(1), 1, {}}, chosen);
  }
  EXPECT_TRUE(chosen.empty());
}

TEST_F(ProposerTest, AnAcceptanceOfAnyLengthCostsOnlyWhatIsInFlight) {
  lead(1);
  append(1);
  (void)propose();
  (void)accept(2, 0, ~0u);
  (void)accept(3, ~0ull, ~0u);
  EXPECT_EQ(accept(3, 1, ~0u).size(), 1u);
}

TEST_F(ProposerTest, CommitsRideOnTheNextProposeOrLeaveByThemselves) {
  lead(1);
  append(1);
  (void)propose();
  (void)accept(2, 1);
  (void)accept(3, 1);
  (void)parts_.take();
  append(2);
  (void)propose();
  const auto proposals = all_of<Propose>(parts_.take().messages);
  ASSERT_EQ(proposals.size(), 1u);
  EXPECT_EQ(proposals[0].commits, (std::vector<CommitRun>{{r(1), c(9), {entry(1).id}}}));
  (void)accept(2, 2);
  (void)accept(3, 2);
  parts_.pass(parts_.shared.options.commit_delay);
  EXPECT_LE(proposer_.deadline(), parts_.shared.now);
  EXPECT_TRUE(proposer_.tick());
  const auto commits = all_of<Commit>(parts_.take().messages);
  ASSERT_EQ(commits.size(), 1u);
  EXPECT_EQ(commits[0].by_id, (std::vector<CommitRun>{{r(2), c(9), {entry(2).id}}}));
}

TEST_F(ProposerTest, SendsAgainToThoseWhoDidNotAnswer) {
  lead(1);
  append(1);
  (void)propose();
  (void)accept(2, 1);
  (void)parts_.take();
  parts_.shared.now = proposer_.deadline();
  parts_.pass(std::chrono::milliseconds(100));
  EXPECT_TRUE(proposer_.tick());
  const Output& output = parts_.take();
  ASSERT_EQ(output.messages.size(), 1u);
  EXPECT_EQ(output.messages[0].to, (std::vector{n(3)}));
  EXPECT_EQ(std::get<Propose>(output.messages[0].message).entries[0], entry(1));
}

// A round whose Propose was lost must not starve while later ones are chosen.
TEST_F(ProposerTest, ALostProposeIsSentAgainAlsoWhileOthersAreChosen) {
  lead(1);
  append(1);
  (void)propose();
  (void)parts_.take();
  bool sent_again = false;
  for (std::uint64_t round = 2; round <= 8; ++round) {
    parts_.pass(std::chrono::milliseconds(60));
    append(round);
    (void)propose();
    (void)accept(2, round);
    (void)accept(3, round);
    EXPECT_TRUE(proposer_.tick());
    for (const Propose& propose : all_of<Propose>(parts_.take().messages)) {
      sent_again |= propose.first == r(1);
    }
  }
  EXPECT_TRUE(sent_again);
}

// H15: a leader that no quorum answers is none.
TEST_F(ProposerTest, GivesUpWhereNoQuorumAnswers) {
  lead(1);
  append(1);
  (void)propose();
  parts_.pass(parts_.shared.options.quorum_timeout - Duration(1));
  EXPECT_TRUE(proposer_.tick());
  parts_.pass(Duration(1));
  EXPECT_LE(proposer_.deadline(), parts_.shared.now);
  EXPECT_FALSE(proposer_.tick());
}

// Syncs of two seconds: the answers of a quorum cannot come in one.
TEST_F(ProposerTest, IsPatientWhereSyncsAreSlow) {
  for (std::uint64_t i = 1; i < 20; ++i) {
    parts_.shared.pace.handed_over(i, parts_.shared.now);
    parts_.pass(std::chrono::seconds(2));
    parts_.shared.pace.written(i, parts_.shared.now);
  }
  lead(1);
  append(1);
  (void)propose();
  parts_.pass(5 * parts_.shared.options.quorum_timeout);
  EXPECT_TRUE(proposer_.tick());
  parts_.pass(5 * parts_.shared.options.quorum_timeout);
  EXPECT_FALSE(proposer_.tick()) << "not for ever";
}

TEST_F(ProposerTest, ResigningSaysWhatIsKnownOfEachAppend) {
  lead(1);
  append(1);
  (void)propose();
  append(2);
  AppendError error;
  error.kind = AppendErrorKind::kLost;
  error.fate = Fate::kDidNotHappen;
  proposer_.resign(c(10, 2), error);
  const auto failed = failures();
  ASSERT_EQ(failed.size(), 2u);
  EXPECT_EQ(failed[0].id, entry(1).id);
  EXPECT_EQ(failed[0].error.fate, Fate::kUnknown) << "it was handed out";
  EXPECT_EQ(failed[1].id, entry(2).id);
  EXPECT_EQ(failed[1].error.fate, Fate::kDidNotHappen);
  EXPECT_FALSE(proposer_.leads());
}

TEST_F(ProposerTest, ARoundThatSettledOtherwiseFailsItsAppend) {
  lead(1);
  append(1);
  append(2);
  (void)propose();
  (void)parts_.take();
  proposer_.settled(placed(1, c(12, 3), entry(99)));
  proposer_.settled(placed(2, c(12, 3), entry(2)));
  const auto failed = failures();
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].id, entry(1).id);
  EXPECT_EQ(failed[0].error.kind, AppendErrorKind::kRailroaded);
}

TEST_F(ProposerTest, RefusalsEndARoundOnlyWhenItCannotBeWon) {
  lead(1);
  append(1);
  (void)propose();
  const Rejection rejection{c(9), r(1), {}};
  EXPECT_FALSE(proposer_.on(n(2), memory_of(2), rejection));
  EXPECT_FALSE(proposer_.on(n(2), memory_of(2), rejection)) << "once per node";
  EXPECT_TRUE(proposer_.on(n(3), memory_of(3), rejection));
  EXPECT_EQ(proposer_.error(r(1), AppendErrorKind::kNoQuorum).rejections.size(), 2u);
}

TEST_F(ProposerTest, AConflictWithAHigherPromiseCountsAgainstEveryOpenRound) {
  lead(1);
  append(1);
  (void)propose();
  const Conflict settled{c(9), r(1), c(9), r(0), {}};
  EXPECT_FALSE(proposer_.on(n(2), memory_of(2), settled));
  const Conflict outranked{c(9), r(1), c(10, 2), r(0), {}};
  EXPECT_FALSE(proposer_.on(n(2), memory_of(2), outranked));
  EXPECT_TRUE(proposer_.on(n(3), memory_of(3), outranked));
}

TEST_F(ProposerTest, TheQueueIsBoundedAndExpires) {
  parts_.shared.options.limits.queue_entries_max = 2;
  append(1);
  append(2);
  EXPECT_FALSE(proposer_.enqueue(Append{entry(3), {}, {}, Timestamp::max(), {}}));
  parts_.pass(std::chrono::seconds(9));
  proposer_.expire_queue();
  EXPECT_EQ(proposer_.queued(), 2u);
  parts_.pass(std::chrono::seconds(1));
  proposer_.expire_queue();
  EXPECT_EQ(proposer_.queued(), 0u);
  const auto failed = failures();
  ASSERT_EQ(failed.size(), 2u);
  EXPECT_EQ(failed[0].error.kind, AppendErrorKind::kDeadline);
}

TEST_F(ProposerTest, AReservationFillsTheRoundsBelowAndMissesItsOwnOnlyOnce) {
  lead(1);
  append(1, {r(3), r(3)});
  const auto ids = propose();
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_EQ(ids.at(r(3)), entry(1).id);
  (void)failures();
  append(2, {r(2), r(3)});
  (void)propose();
  const auto failed = failures();
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].error.kind, AppendErrorKind::kConverged);
}

}  // namespace
}  // namespace synod::testing
