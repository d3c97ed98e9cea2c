// Taking a copy for the latest, because a person says so: what is checked, and what it leaves.
#include "journal/adoption.hpp"

#include <gtest/gtest.h>

#include "unit/journal/support.hpp"

namespace synod::testing {
namespace {

using journal_format::Adoption;
using journal_format::AdoptionMode;

const std::vector<Record> kAll = {IdentityRecord{kMemory}, promise(1), accepted(1, 3800),
                                  promise(2)};
const std::vector<Record> kAnew = {IdentityRecord{Incarnation(5)}, ReplacementRecord{}};

// Three segments of which the first begins with a checkpoint, a snapshot and the mark.
void write_all(JournalOnDisk& node) {
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of({kAll[0], kAll[1]})).ok());
  ASSERT_TRUE(node.save(snapshot(2, 10)).ok());
  ASSERT_TRUE(node.write(checkpoint_of(2, {kAll[0], kAll[1]})).ok());
  ASSERT_TRUE(node.write(batch_of({kAll[2]})).ok());
  ASSERT_TRUE(node.write(batch_of({kAll[3]})).ok());
  node.close();
}

void copy(JournalOnDisk& node) {
  write_all(node);
  node.disk.become(node.disk.image());
}

// A start that finds the copy, and what its node writes then.
void begin_anew(JournalOnDisk& node, const std::vector<Record>& then) {
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  ASSERT_EQ(loaded->memory, MemoryKind::kDamaged);
  ASSERT_TRUE(node.write(batch_of(kAnew)).ok());
  if (then.empty()) return node.close();
  ASSERT_TRUE(node.write(batch_of(then)).ok());
  node.close();
}

// As far as it comes in so many steps.
absl::StatusOr<Adoption> adopt(JournalOnDisk& node, AdoptionMode mode = AdoptionMode::kAdopt,
                               std::size_t steps = 1000) {
  const auto files = node.disk.make_file_system(
      [&](Duration, absl::AnyInvocable<void()> work) { node.loop.post(std::move(work)); });
  absl::StatusOr<Adoption> result = absl::UnknownError("interrupted");
  journal_format::adopt(*files, mode,
                        [&](absl::StatusOr<Adoption> done) { result = std::move(done); });
  for (std::size_t i = 0; i < steps; ++i) node.loop.step();
  node.disk.crash(node.prng);
  node.loop.drop();
  return result;
}

void expect_all_is_back(JournalOnDisk& node) {
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->memory, MemoryKind::kIntact) << loaded->detail;
  EXPECT_TRUE(loaded->records == kAll);
  EXPECT_NE(loaded->snapshot, nullptr);
}

TEST(JournalAdoption, BeforeAnyStart) {
  JournalOnDisk node;
  copy(node);
  const auto adopted = adopt(node);
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  EXPECT_EQ(adopted->owner, (journal_format::Owner{kCluster, kNode}));
  EXPECT_EQ(adopted->incarnation, kMemory);
  EXPECT_EQ(adopted->copied.size(), 3u);
  EXPECT_FALSE(adopted->brings_back);
  expect_all_is_back(node);
}

TEST(JournalAdoption, AfterAStartThatSetItAside) {
  JournalOnDisk node;
  copy(node);
  begin_anew(node, {});
  const auto adopted = adopt(node);
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  EXPECT_TRUE(adopted->brings_back);
  EXPECT_EQ(adopted->incarnation, kMemory);
  expect_all_is_back(node);
}

TEST(JournalAdoption, CanBeRunAgainWhereverItWasInterrupted) {
  for (const bool started : {false, true}) {
    bool ended = false;
    for (std::size_t steps = 0; !ended; ++steps) {
      JournalOnDisk node(steps);
      copy(node);
      if (started) begin_anew(node, {CommitMarkRecord{RoundNum(1)}});
      ended = adopt(node, AdoptionMode::kAdopt, steps).ok();
      const auto adopted = adopt(node);
      ASSERT_TRUE(adopted.ok()) << started << steps << ": " << adopted.status();
      expect_all_is_back(node);
    }
  }
}

// A start in the midst of it never takes half of it for a memory.
TEST(JournalAdoption, InterruptedItIsNoMemory) {
  for (const bool started : {false, true}) {
    bool ended = false;
    for (std::size_t steps = 0; !ended; ++steps) {
      JournalOnDisk node(steps);
      copy(node);
      if (started) begin_anew(node, {});
      ended = adopt(node, AdoptionMode::kAdopt, steps).ok();
      const auto loaded = node.open_and_load();
      ASSERT_TRUE(loaded.ok());
      if (loaded->memory == MemoryKind::kDamaged) continue;
      const bool old = loaded->records == kAll;
      EXPECT_TRUE(old || loaded->records == kAnew) << started << steps;
    }
  }
}

TEST(JournalAdoption, LookingChangesNothing) {
  JournalOnDisk node;
  copy(node);
  begin_anew(node, {});
  const SimulatedDisk::Image before = node.disk.image();
  const auto seen = adopt(node, AdoptionMode::kLook);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->copied.size(), 3u);
  EXPECT_TRUE(seen->brings_back);
  EXPECT_TRUE(node.disk.image() == before);
}

TEST(JournalAdoption, OfAnOriginalIsNothing) {
  JournalOnDisk node;
  write_all(node);
  const SimulatedDisk::Image before = node.disk.image();
  const auto adopted = adopt(node);
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  EXPECT_TRUE(adopted->copied.empty());
  EXPECT_TRUE(node.disk.image() == before);
}

// Whatever the new memory voted would be forgotten.
TEST(JournalAdoption, IsRefusedOnceTheNewMemoryMayHaveVoted) {
  const std::vector<Record> votes = {AdmissionRecord{RoundNum(9)}, promise(3), accepted(9, 10),
                                     GenesisVoteRecord{}};
  for (const Record& vote : votes) {
    JournalOnDisk node;
    copy(node);
    begin_anew(node, {vote});
    const SimulatedDisk::Image before = node.disk.image();
    const auto adopted = adopt(node);
    EXPECT_TRUE(absl::IsFailedPrecondition(adopted.status())) << adopted.status();
    EXPECT_TRUE(node.disk.image() == before);
  }
}

// What an earlier start set aside is still lying there when the later memory's directory is moved.
TEST(JournalAdoption, OfALaterMemoryDoesNotMindTheEarlierOne) {
  JournalOnDisk node;
  copy(node);
  begin_anew(node, {AdmissionRecord{RoundNum(9)}});
  node.disk.become(node.disk.image());
  const auto adopted = adopt(node);
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  EXPECT_EQ(adopted->incarnation, Incarnation(5));
  EXPECT_FALSE(adopted->brings_back);
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->memory, MemoryKind::kIntact) << loaded->detail;
}

TEST(JournalAdoption, IsRefusedWhereTheCopyIsNotWhole) {
  for (const std::string& missing : {segment(2), std::string("snapshot-0000000000000002")}) {
    JournalOnDisk node;
    write_all(node);
    SimulatedDisk::Image image = node.disk.image();
    ASSERT_EQ(image.erase(missing), 1u);
    node.disk.become(image);
    const auto adopted = adopt(node);
    EXPECT_TRUE(absl::IsDataLoss(adopted.status())) << missing << adopted.status();
    EXPECT_TRUE(node.disk.image() == image);
  }
}

TEST(JournalAdoption, IsRefusedWhileANodeRuns) {
  JournalOnDisk node;
  copy(node);
  node.open();
  node.journal->load([](const absl::StatusOr<Loaded>&) {});
  ASSERT_TRUE(node.loop.step());  // It holds the lock.
  EXPECT_TRUE(absl::IsFailedPrecondition(adopt(node).status()));
  node.bury();
}

TEST(JournalAdoption, OfNothingIsNotFound) {
  JournalOnDisk node;
  EXPECT_TRUE(absl::IsNotFound(adopt(node).status()));
}

}  // namespace
}  // namespace synod::testing
