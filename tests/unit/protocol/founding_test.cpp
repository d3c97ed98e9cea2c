#include "protocol/founding.hpp"

#include <gtest/gtest.h>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

// The founding of nodes 1, 2, 3 as seen by node 1, whose disk the test plays.
class FoundingTest : public ::testing::Test {
 protected:
  FoundingTest() { founding_.start(); }

  void note(std::uint64_t from, GenesisStage stage, std::optional<GenesisMap> map = {}) {
    founding_.on(n(from), memory_of(from), GenesisNote{stage, true, std::move(map)});
  }
  void hear_of_all() {
    note(2, GenesisStage::kGathering);
    note(3, GenesisStage::kGathering);
  }
  // Takes the output; its records become durable if `durable`.
  std::vector<Record> write(bool durable = true) {
    const Output& output = parts_.take();
    std::vector<Record> records = output.records;
    if (durable) founding_.written(output.sequence);
    return records;
  }

  const GenesisMap map_ = genesis_of({1, 2, 3});
  Parts parts_;
  Founding founding_{parts_.shared};
};

TEST_F(FoundingTest, FixesTheMapOnceAllAreKnownAndDurablyBeforeItTells) {
  note(2, GenesisStage::kGathering);
  EXPECT_EQ(founding_.stage(), GenesisStage::kGathering);
  (void)parts_.take();
  note(3, GenesisStage::kGathering);
  EXPECT_EQ(founding_.stage(), GenesisStage::kFixed);
  const Output& output = parts_.take();
  EXPECT_EQ(output.records, (std::vector<Record>{GenesisRecord{map_, false}}));
  EXPECT_TRUE(output.messages.empty()) << "nobody hears of it before it is durable";
  EXPECT_FALSE(output.after_records.empty());
}

// H21: it votes once all have confirmed the same map, itself durably included.
TEST_F(FoundingTest, IsCompleteOnceEveryFounderConfirmed) {
  hear_of_all();
  note(2, GenesisStage::kFixed, map_);
  note(3, GenesisStage::kFixed, map_);
  EXPECT_EQ(founding_.complete_map(), nullptr) << "its own record is not durable";
  write();
  ASSERT_NE(founding_.complete_map(), nullptr);
  EXPECT_TRUE(same_map(*founding_.complete_map(), map_));
}

// H21: founders whose memories are all damaged would found a cluster without what they
// acknowledged.
TEST_F(FoundingTest, AMemoryThatReplacesADamagedOneFoundsNothing) {
  founding_.replaces_a_memory();
  hear_of_all();
  note(2, GenesisStage::kFixed, map_);
  note(3, GenesisStage::kFixed, map_);
  EXPECT_EQ(founding_.stage(), GenesisStage::kGathering);
  EXPECT_TRUE(write().empty());
  EXPECT_NE(founding_.detail().find("damaged"), std::string::npos);
  note(3, GenesisStage::kComplete, map_);
  EXPECT_EQ(founding_.stage(), GenesisStage::kComplete) << "it learns of the cluster that there is";
}

TEST_F(FoundingTest, AQuorumIsNotEnough) {
  hear_of_all();
  write();
  note(2, GenesisStage::kFixed, map_);
  EXPECT_EQ(founding_.complete_map(), nullptr);
  EXPECT_NE(founding_.detail().find("3"), std::string::npos);
  EXPECT_LT(founding_.deadline(), Timestamp::max());
}

TEST_F(FoundingTest, AMapWithAnotherMemoryIsNoConfirmation) {
  hear_of_all();
  write();
  GenesisMap other = map_;
  other.members[0].incarnation = Incarnation(7);
  note(2, GenesisStage::kFixed, other);
  note(3, GenesisStage::kFixed, map_);
  EXPECT_EQ(founding_.complete_map(), nullptr);
  EXPECT_NE(founding_.detail().find("another map"), std::string::npos);
}

// Found by seed 888 of five nodes: it told a person to delete every directory of a cluster that was
// well.
TEST_F(FoundingTest, AClusterThatIsFoundedNeedsThisMemorysDirectoryEmptiedAlone) {
  hear_of_all();
  write();
  GenesisMap other = map_;
  other.members[0].incarnation = Incarnation(7);
  note(2, GenesisStage::kFixed, other);
  EXPECT_FALSE(founding_.is_too_late());
  EXPECT_NE(founding_.detail().find("every directory"), std::string::npos);
  note(3, GenesisStage::kComplete, other);
  EXPECT_TRUE(founding_.is_too_late());
  EXPECT_NE(founding_.detail().find("node 3 founded"), std::string::npos);
  EXPECT_EQ(founding_.detail().find("every directory"), std::string::npos);
  EXPECT_EQ(founding_.stage(), GenesisStage::kFixed) << "not by itself: it confirmed";
  // Where its own map is complete after all, that is the cluster.
  note(2, GenesisStage::kComplete, map_);
  EXPECT_EQ(founding_.stage(), GenesisStage::kComplete);
  EXPECT_FALSE(founding_.is_too_late());
}

// A founder that was wiped after it had confirmed does not confirm with its new memory.
TEST_F(FoundingTest, AConfirmationCountsOnlyWithTheMemoryInTheMap) {
  hear_of_all();
  write();
  founding_.on(n(2), Incarnation(7), GenesisNote{GenesisStage::kFixed, true, map_});
  note(3, GenesisStage::kFixed, map_);
  EXPECT_EQ(founding_.complete_map(), nullptr);
}

TEST_F(FoundingTest, APeerThatSawItCompleteIsEnough) {
  hear_of_all();
  write();
  note(3, GenesisStage::kComplete, map_);
  EXPECT_NE(founding_.complete_map(), nullptr);
}

TEST_F(FoundingTest, AnotherMapIsNeverCompletedByAMapThatWasFixed) {
  hear_of_all();
  write();
  GenesisMap other = map_;
  other.members[2].incarnation = Incarnation(7);
  note(3, GenesisStage::kComplete, other);
  EXPECT_EQ(founding_.complete_map(), nullptr);
}

// H21: an empty journal takes the complete map over, also where it names another memory of it.
TEST_F(FoundingTest, AnEmptyJournalLearnsThatTheClusterExists) {
  GenesisMap before = map_;
  before.members[0].incarnation = Incarnation(7);
  note(2, GenesisStage::kComplete, before);
  ASSERT_NE(founding_.complete_map(), nullptr);
  EXPECT_EQ(founding_.complete_map()->incarnation_of(n(1)), Incarnation(7));
}

TEST_F(FoundingTest, AnEmptyJournalDoesNotFixAMapWithAnotherMemoryOfItself) {
  GenesisMap before = map_;
  before.members[0].incarnation = Incarnation(7);
  note(2, GenesisStage::kFixed, before);
  EXPECT_EQ(founding_.stage(), GenesisStage::kGathering);
}

TEST_F(FoundingTest, FixesTheMapOfSomebodyWhoHeardOfAllFirst) {
  note(2, GenesisStage::kFixed, map_);
  EXPECT_EQ(founding_.stage(), GenesisStage::kFixed);
  write();
  EXPECT_EQ(founding_.complete_map(), nullptr);
  note(3, GenesisStage::kFixed, map_);
  EXPECT_NE(founding_.complete_map(), nullptr);
}

TEST_F(FoundingTest, AsksUntilItIsComplete) {
  (void)parts_.take();
  for (int i = 0; i < 5; ++i) {
    ASSERT_GT(founding_.deadline(), parts_.shared.now);
    parts_.shared.now = founding_.deadline();
    founding_.tick();
    const auto notes = all_of<GenesisNote>(parts_.take().after_records);
    ASSERT_EQ(notes.size(), 1u);
    EXPECT_TRUE(notes[0].answer_wanted);
  }
  note(2, GenesisStage::kComplete, map_);
  EXPECT_EQ(founding_.deadline(), Timestamp::max());
}

TEST_F(FoundingTest, GoesOnFromItsRecordAndTellsWhenTheOptionsDiffer) {
  Parts parts({1, 2, 4});
  Founding again(parts.shared);
  again.restore(GenesisRecord{map_, true});
  EXPECT_NE(again.complete_map(), nullptr);
  EXPECT_NE(again.contradiction(), "");
  Founding same(parts_.shared);
  same.restore(GenesisRecord{map_, false});
  EXPECT_EQ(same.contradiction(), "");
  EXPECT_EQ(same.stage(), GenesisStage::kFixed);
}

TEST(FoundingAlone, NeedsTheFlag) {
  for (const bool flag : {false, true}) {
    Parts parts({1});
    parts.shared.options.found_alone = flag;
    Founding founding(parts.shared);
    founding.start();
    founding.written(parts.take().sequence);
    EXPECT_EQ(founding.complete_map() != nullptr, flag);
    EXPECT_EQ(founding.detail().empty(), flag);
  }
}

}  // namespace
}  // namespace synod::testing
