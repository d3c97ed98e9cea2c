#include <gtest/gtest.h>

#include <set>
#include <string>

#include <synod/append.hpp>
#include <synod/entry.hpp>
#include <synod/event.hpp>
#include <synod/message.hpp>
#include <synod/record.hpp>

namespace synod {
namespace {

TEST(Values, AReadmissionComesBackFromItsPayload) {
  const Readmit readmit = {NodeId(300), Incarnation(1), Incarnation(2)};
  const Payload payload = encode(readmit);
  Readmit read;
  ASSERT_TRUE(decode(payload, read));
  EXPECT_EQ(read, readmit);

  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_FALSE(decode(Payload::copy_of(payload.bytes().first(size)), read)) << size;
  }
  EXPECT_FALSE(decode(Payload::copy_of(std::string(payload.text()) + "x"), read));
  EXPECT_EQ(read, readmit) << "What does not decode changes nothing.";
}

TEST(Values, AppendErrorsSayWhetherTryingAgainMayHelp) {
  const auto curable = [](AppendErrorKind kind, Fate fate) {
    AppendError error;
    error.kind = kind;
    error.fate = fate;
    return error.curable();
  };
  EXPECT_TRUE(curable(AppendErrorKind::kLost, Fate::kDidNotHappen));
  EXPECT_TRUE(curable(AppendErrorKind::kNoQuorum, Fate::kUnknown));
  EXPECT_TRUE(curable(AppendErrorKind::kOverloaded, Fate::kDidNotHappen));
  EXPECT_TRUE(curable(AppendErrorKind::kRailroaded, Fate::kDidNotHappen));
  EXPECT_FALSE(curable(AppendErrorKind::kLost, Fate::kNever));
  EXPECT_FALSE(curable(AppendErrorKind::kLost, Fate::kHappened));
  EXPECT_FALSE(curable(AppendErrorKind::kShutDown, Fate::kUnknown));
  EXPECT_FALSE(curable(AppendErrorKind::kTooLarge, Fate::kDidNotHappen));
  EXPECT_FALSE(curable(AppendErrorKind::kExpired, Fate::kDidNotHappen));
  EXPECT_FALSE(curable(AppendErrorKind::kAlreadyApplied, Fate::kUnknown));
}

// No two enumerators share a name, and each has one.
template <class Enum>
void expect_own_names(Enum last) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(last); ++i) names.insert(to_string(static_cast<Enum>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last) + 1);
  EXPECT_FALSE(names.contains(""));
}

TEST(Values, EnumeratorsHaveNamesOfTheirOwn) {
  expect_own_names(AppendErrorKind::kAlreadyApplied);
  expect_own_names(Fate::kNever);
  expect_own_names(Standing::kLeading);
  expect_own_names(Participation::kActive);
  expect_own_names(PassiveReason::kStorage);
}

TEST(Values, EveryKindOfMessageHasItsName) {
  EXPECT_EQ(kind_of(Prepare{}), "prepare");
  EXPECT_EQ(kind_of(Promise{}), "promise");
  EXPECT_EQ(kind_of(Conflict{}), "conflict");
  EXPECT_EQ(kind_of(Abstention{}), "abstention");
  EXPECT_EQ(kind_of(Propose{}), "propose");
  EXPECT_EQ(kind_of(Acceptance{}), "acceptance");
  EXPECT_EQ(kind_of(Rejection{}), "rejection");
  EXPECT_EQ(kind_of(Commit{}), "commit");
  EXPECT_EQ(kind_of(Fetch{}), "fetch");
  EXPECT_EQ(kind_of(Entries{}), "entries");
  EXPECT_EQ(kind_of(SnapshotRequest{}), "snapshot-request");
  EXPECT_EQ(kind_of(SnapshotChunk{}), "snapshot-chunk");
  EXPECT_EQ(kind_of(ReadQuery{}), "read-query");
  EXPECT_EQ(kind_of(ReadAnswer{}), "read-answer");
  EXPECT_EQ(kind_of(LeadershipRequest{}), "leadership-request");
  EXPECT_EQ(kind_of(GenesisNote{}), "genesis-note");
  EXPECT_EQ(kind_of(Announcement{}), "announcement");
  EXPECT_EQ(kind_of(Challenge{}), "challenge");
  EXPECT_EQ(kind_of(Note{}), "note");
  EXPECT_EQ(kind_of(GenesisPrepare{}), "genesis-prepare");
  EXPECT_EQ(kind_of(GenesisPromise{}), "genesis-promise");
  EXPECT_EQ(kind_of(GenesisPropose{}), "genesis-propose");
  EXPECT_EQ(kind_of(GenesisAcceptance{}), "genesis-acceptance");
  EXPECT_EQ(kind_of(GenesisConflict{}), "genesis-conflict");
  EXPECT_EQ(kind_of(Vouch{}), "vouch");
}

TEST(Values, ARecordsSizeGrowsWithItsPayload) {
  AcceptedRecord record;
  const std::size_t empty = size_of(record);
  record.placed.entry.payload = Payload::copy_of(std::string(1000, 'x'));
  EXPECT_EQ(size_of(record), empty + 1000);
  EXPECT_GT(size_of(CommitMarkRecord{}), 0u);
}

TEST(Values, ASectionIsFoundByItsName) {
  const VoteSections sections = {{"a", Payload::copy_of("1")}, {"b", Payload::copy_of("2")}};
  ASSERT_NE(find_section(sections, "b"), nullptr);
  EXPECT_EQ(find_section(sections, "b")->bytes.text(), "2");
  EXPECT_EQ(find_section(sections, "c"), nullptr);
}

}  // namespace
}  // namespace synod
