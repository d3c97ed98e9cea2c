// Hazard H25: a copy of the journal's files, as a backup that is put back is one, is no memory.
#include <gtest/gtest.h>

#include "journal/format.hpp"
#include "unit/journal/support.hpp"

namespace synod::testing {
namespace {

const std::vector<Record> kAll = {IdentityRecord{kMemory}, promise(1), accepted(1, 3800),
                                  promise(2)};
const std::string kPrefix = journal_format::copied_prefix(kMemory);

// Three segments and the mark.
void write_all(JournalOnDisk& node) {
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of({kAll[0], kAll[1]})).ok());
  ASSERT_TRUE(node.write(batch_of({kAll[2]})).ok());
  ASSERT_TRUE(node.write(batch_of({kAll[3]})).ok());
  node.close();
  ASSERT_NE(node.disk.content(segment(3)), nullptr);
}

TEST(JournalCopies, ACopyIsANewMemory) {
  JournalOnDisk node;
  write_all(node);
  node.disk.become(node.disk.image());
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->memory, MemoryKind::kDamaged);
  EXPECT_TRUE(loaded->records.empty());
  EXPECT_NE(loaded->detail.find("is a copy"), std::string::npos) << loaded->detail;
  EXPECT_NE(loaded->detail.find("synod-journal adopt"), std::string::npos) << loaded->detail;
  EXPECT_NE(loaded->detail.find(kPrefix), std::string::npos) << loaded->detail;
  for (const std::string& name : {segment(1), segment(2), std::string("mark")}) {
    EXPECT_EQ(node.disk.content(name), nullptr) << name;
    EXPECT_NE(node.disk.content(kPrefix + name), nullptr) << name;
  }
  // What it begins is its own, and stays so.
  const std::vector<Record> anew = {IdentityRecord{Incarnation(5)}, ReplacementRecord{}};
  ASSERT_TRUE(node.write(batch_of(anew)).ok());
  node.crash_losing_all();
  const auto again = node.open_and_load();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->memory, MemoryKind::kIntact) << again->detail;
  EXPECT_TRUE(again->records == anew);
}

// However a start that sets it aside is interrupted, all of it is found under one prefix later.
TEST(JournalCopies, IsSetAsideWhenInterrupted) {
  for (std::size_t steps = 0; steps < 30; ++steps) {
    JournalOnDisk node(steps);
    write_all(node);
    ASSERT_TRUE(node.open_and_load().ok());
    ASSERT_TRUE(node.save(snapshot(2, 10)).ok());
    node.close();
    node.disk.become(node.disk.image());
    ASSERT_EQ(node.disk.names().size(), 5u);
    const SimulatedDisk::Image copy = node.disk.image();
    node.open();
    node.journal->load([](const absl::StatusOr<Loaded>&) {});
    for (std::size_t i = 0; i < steps; ++i) node.loop.step();
    node.crash();
    for (int start = 0; start < 2; ++start) {
      const auto loaded = node.open_and_load();
      ASSERT_TRUE(loaded.ok());
      EXPECT_EQ(loaded->memory, MemoryKind::kDamaged) << steps;
      node.close();
    }
    for (const auto& [name, content] : copy) {
      ASSERT_NE(node.disk.content(kPrefix + name), nullptr) << steps << ": " << name;
      EXPECT_TRUE(*node.disk.content(kPrefix + name) == content) << steps << ": " << name;
    }
  }
}

// A directory that is moved holds the very files; so does a disk in another machine.
TEST(JournalCopies, WhatIsMovedStaysWhatItIs) {
  JournalOnDisk node;
  write_all(node);
  JournalOnDisk moved;
  moved.disk.roll_back(node.disk.volume());
  const auto loaded = moved.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->memory, MemoryKind::kIntact) << loaded->detail;
  EXPECT_TRUE(loaded->records == kAll);
}

TEST(JournalCopies, OneSegmentIsEnough) {
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
    JournalOnDisk node;
    write_all(node);
    SimulatedDisk::Volume volume = node.disk.volume();
    ++volume.at(segment(sequence)).identity.born;
    node.disk.roll_back(volume);
    const auto loaded = node.open_and_load();
    ASSERT_TRUE(loaded.ok());
    EXPECT_EQ(loaded->memory, MemoryKind::kDamaged) << sequence;
    EXPECT_NE(loaded->detail.find(segment(sequence)), std::string::npos) << loaded->detail;
  }
}

// Neither proves anything that the segments do not: an older one of each is harmless.
TEST(JournalCopies, MarkAndSnapshotNeedNoIdentity) {
  JournalOnDisk node;
  write_all(node);
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.save(snapshot(2, 10)).ok());
  ASSERT_TRUE(node.write(checkpoint_of(2, kAll)).ok());
  node.close();
  SimulatedDisk::Volume volume = node.disk.volume();
  for (auto& [name, file] : volume) {
    if (!journal_format::segment_sequence(name).has_value()) ++file.identity.born;
  }
  node.disk.roll_back(volume);
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->memory, MemoryKind::kIntact) << loaded->detail;
}

// Where the file system cannot tell, nothing is lost for nothing, and nothing is noticed.
TEST(JournalCopies, WithoutIdentitiesNothingIsACopy) {
  JournalOnDisk node;
  node.disk.tell_identities(false);
  write_all(node);
  for (int start = 0; start < 2; ++start) {
    const auto loaded = node.open_and_load();
    ASSERT_TRUE(loaded.ok());
    EXPECT_EQ(loaded->memory, MemoryKind::kIntact) << loaded->detail;
    node.close();
    node.disk.become(node.disk.image());
  }
  // It comes to a disk that can tell, and is not that disk's.
  node.disk.tell_identities(true);
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->memory, MemoryKind::kDamaged);
}

TEST(JournalCopies, AreTrustedWhereThatIsAskedFor) {
  JournalOnDisk node;
  write_all(node);
  node.disk.become(node.disk.image());
  node.options.copies = Copies::kTrusted;
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->memory, MemoryKind::kIntact) << loaded->detail;
  EXPECT_TRUE(loaded->records == kAll);
}

// Copied file by file while the node wrote: the mark, say, is newer than the segment.
TEST(JournalCopies, AMixOfMomentsIsDamage) {
  JournalOnDisk node;
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of({kAll[0], kAll[1]})).ok());
  SimulatedDisk::Image mix = node.disk.image();
  ASSERT_TRUE(node.write(batch_of({promise(2)})).ok());
  node.close();
  mix["mark"] = *node.disk.content("mark");
  node.disk.become(mix);
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->memory, MemoryKind::kDamaged);
  EXPECT_NE(node.disk.content("damaged-1-" + segment(1)), nullptr);
}

}  // namespace
}  // namespace synod::testing
