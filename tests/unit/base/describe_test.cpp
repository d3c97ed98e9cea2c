#include <gtest/gtest.h>

#include <synod/replica.hpp>

namespace synod {
namespace {

const CoordNum kCoord = {4, NodeId(2), Incarnation(77)};

Entry state_entry(std::uint64_t id, std::string_view payload) {
  Entry entry;
  entry.id = {0, id};
  entry.kind = EntryKind::kState;
  entry.payload = Payload::copy_of(payload);
  return entry;
}

TEST(Describe, Entries) {
  EXPECT_EQ(describe(Entry{}), "noop");
  EXPECT_EQ(describe(state_entry(5, "x")), "x");
  EXPECT_EQ(describe(state_entry(5, "")), "#5");
  EXPECT_EQ(describe(state_entry(5, "two words")), "#5:9b");
  EXPECT_EQ(describe(state_entry(5, std::string(300, 'x'))), "#5:300b");
  EXPECT_EQ(describe(state_entry(5, "\x01")), "#5:1b");
  Entry entry = state_entry(5, "#6");
  EXPECT_EQ(describe(entry), "#5:2b") << "Not to be taken for another id.";
  entry.id.high = 0x3fa1b2c400000000;
  entry.last_round = RoundNum(9);
  EXPECT_EQ(describe(entry), "#3fa1b2c4:2b<=r9");
  entry = state_entry(5, "x");
  entry.kind = EntryKind::kComponent;
  entry.tag = 3;
  EXPECT_EQ(describe(entry), "@3:x");
  entry.kind = EntryKind::kReadmit;
  entry.payload = encode(Readmit{NodeId(3), Incarnation(1), Incarnation(2)});
  EXPECT_EQ(describe(entry), "readmit(3 0000000000000001->0000000000000002)");
}

TEST(Describe, PhaseOne) {
  EXPECT_EQ(describe(Message(Prepare{RoundNum(1), kCoord})), "prepare r1 c4.2");
  Promise promise{kCoord, RoundNum(1), RoundNum(3), 0, 1, {}, {}};
  EXPECT_EQ(describe(Message(promise)), "promise r1 c4.2 from r3, nothing accepted");
  promise.accepted = {{RoundNum(3), kCoord, state_entry(1, "x")},
                      {RoundNum(5), kCoord, state_entry(2, "y")}};
  promise.vote = {{"lease", Payload::copy_of("12345678")}};
  promise.pages = 2;
  EXPECT_EQ(describe(Message(promise)),
            "promise r1 c4.2 from r3, page 1/2, 2 accepted [r3 c4.2 x] [r5 c4.2 y], "
            "says lease:8b");
  Conflict conflict{kCoord, RoundNum(1), {5, NodeId(1), {}}, RoundNum(2), {}};
  EXPECT_EQ(describe(Message(conflict)), "conflict r1 c4.2, promised c5.1, settled to r2");
  Abstention abstention{kCoord, RoundNum(1), true, {}};
  EXPECT_EQ(describe(Message(abstention)), "abstention r1 c4.2, a leader is alive");
}

TEST(Describe, PhaseTwo) {
  Propose propose;
  propose.coord = kCoord;
  propose.first = RoundNum(1);
  propose.entries = {state_entry(1, "x"), state_entry(2, "y"), state_entry(3, "z")};
  EXPECT_EQ(describe(Message(propose)), "propose r1..3 c4.2 x y z");
  propose.entries.resize(1);
  propose.first = RoundNum(4);
  propose.commits = {{RoundNum(1), kCoord, {{0, 1}, {0, 2}, {0, 3}}}};
  EXPECT_EQ(describe(Message(propose)), "propose r4 c4.2 x, commit [r1..3 c4.2 #1 #2 #3]");
  EXPECT_EQ(describe(Message(Acceptance{kCoord, RoundNum(1), 3, {}})), "acceptance r1..3 c4.2");
  EXPECT_EQ(describe(Message(Commit{{}, propose.commits})), "commit [r1..3 c4.2 #1 #2 #3]");
  EXPECT_EQ(describe(Message(Commit{})), "commit nothing");
}

TEST(Describe, LongListsAreCut) {
  Propose propose{kCoord, RoundNum(1), std::vector<Entry>(100), {}};
  const std::string line = describe(Message(propose));
  EXPECT_LT(line.size(), 120u);
  EXPECT_TRUE(line.ends_with(" +84")) << line;
}

TEST(Describe, Records) {
  EXPECT_EQ(describe(Record(PromiseRecord{kCoord})), "promise c4.2");
  EXPECT_EQ(describe(Record(AcceptedRecord{{RoundNum(1), kCoord, state_entry(1, "x")}})),
            "accepted r1 c4.2 x");
  EXPECT_EQ(describe(Record(CommitMarkRecord{RoundNum(5)})), "mark r5");
  GenesisRecord genesis;
  genesis.map.members.resize(2);
  genesis.map.members[0].member.id = NodeId(1);
  genesis.map.members[1].member.id = NodeId(2);
  genesis.complete = true;
  EXPECT_EQ(describe(Record(genesis)), "genesis {1 2} complete");
  GenesisVoteRecord vote{kCoord, {}, {}};
  EXPECT_EQ(describe(Record(vote)), "genesis vote c4.2, nothing accepted");
  vote.accepted_at = kCoord;
  vote.accepted = genesis.map;
  vote.accepted->founding = FoundingRule::kQuorum;
  vote.accepted->members[0].incarnation = Incarnation(7);
  EXPECT_EQ(describe(Record(vote)),
            "genesis vote c4.2, accepted c4.2 {by a quorum, 1 (2)}");
}

TEST(Describe, Events) {
  EXPECT_EQ(describe(Event(StandingChanged{Standing::kFollowing, Standing::kLeading})),
            "following -> leading");
  EXPECT_EQ(describe(Event(Applied{{RoundNum(1), kCoord, state_entry(1, "x")}, {}, {}, 1})),
            "applied r1 c4.2 x");
  EXPECT_EQ(describe(Event(Applied{
                {RoundNum(4), kCoord, state_entry(1, "x")}, SkipReason::kRepeat, RoundNum(1), 1})),
            "skipped r4 c4.2 x (repeat of r1)");
  EXPECT_EQ(describe(Event(Gaps{{{Timestamp(), RoundNum(2), RoundNum(3)}}})), "gaps r2..3");
  AppendError error;
  error.kind = AppendErrorKind::kNoQuorum;
  error.fate = Fate::kUnknown;
  EXPECT_EQ(describe(Event(AppendFailed{{0, 5}, error})), "append #5 failed: no-quorum, unknown");
  EXPECT_EQ(describe(Event(MandateLost{kCoord, {}})), "mandate c4.2 lost");
}

}  // namespace
}  // namespace synod
