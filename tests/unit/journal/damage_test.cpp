// Hazard H12: rot is told apart from a torn tail.
#include <gtest/gtest.h>

#include <algorithm>

#include "journal/format.hpp"
#include "unit/journal/support.hpp"

namespace synod::testing {
namespace {

// Three batches in one segment.
void write_three(JournalOnDisk& node) {
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of({IdentityRecord{kMemory}, promise(1)})).ok());
  ASSERT_TRUE(node.write(batch_of({promise(2)})).ok());
  ASSERT_TRUE(node.write(batch_of({promise(3)})).ok());
}
const std::vector<Record> kThree = {IdentityRecord{kMemory}, promise(1), promise(2), promise(3)};

// Where each batch of the first segment starts, and the end of the last.
std::vector<std::uint64_t> batch_offsets(const SimulatedDisk& disk) {
  const Bytes& content = *disk.content(segment(1));
  std::vector<std::uint64_t> offsets = {journal_format::kSegmentHeaderBytes};
  journal_format::BatchHeader header;
  while (journal_format::get(std::span(content).subspan(offsets.back()), header)) {
    offsets.push_back(offsets.back() + journal_format::aligned(64 + header.body_bytes));
  }
  return offsets;
}

TEST(JournalDamage, EveryFlippedByteUpToTheMark) {
  JournalOnDisk probe;
  write_three(probe);
  const std::uint64_t end = batch_offsets(probe.disk).back();
  for (std::uint64_t offset = 0; offset < end; ++offset) {
    JournalOnDisk node(offset);
    write_three(node);
    node.close();  // Writes the mark.
    ASSERT_TRUE(node.disk.rot(segment(1), offset));
    const auto loaded = node.open_and_load();
    ASSERT_TRUE(loaded.ok()) << offset << ": " << loaded.status();
    EXPECT_EQ(loaded->memory, MemoryKind::kDamaged) << "offset " << offset;
    EXPECT_TRUE(loaded->records.empty());
    EXPECT_NE(loaded->detail.find(segment(1)), std::string::npos) << loaded->detail;
    EXPECT_NE(node.disk.content("damaged-1-" + segment(1)), nullptr);
    EXPECT_EQ(node.disk.content(segment(1)), nullptr);
  }
}

// Without the last batch's mark: the headers that follow are the marks of all others.
TEST(JournalDamage, EveryFlippedByteWithoutTheMark) {
  JournalOnDisk probe;
  write_three(probe);
  const std::vector<std::uint64_t> offsets = batch_offsets(probe.disk);
  ASSERT_EQ(offsets.size(), 4u);
  for (std::uint64_t offset = 0; offset < offsets.back() + 64; ++offset) {
    JournalOnDisk node(offset);
    write_three(node);
    node.crash_losing_all();
    ASSERT_TRUE(node.disk.rot(segment(1), offset));
    const auto loaded = node.open_and_load();
    ASSERT_TRUE(loaded.ok()) << offset << ": " << loaded.status();
    if (offset < offsets[2]) {
      EXPECT_EQ(loaded->memory, MemoryKind::kDamaged) << "offset " << offset;
      continue;
    }
    EXPECT_EQ(loaded->memory, MemoryKind::kIntact) << "offset " << offset << loaded->detail;
    std::vector<Record> expected = kThree;
    if (offset < offsets[3]) expected.pop_back();
    EXPECT_TRUE(loaded->records == expected) << "offset " << offset;
  }
}

TEST(JournalDamage, ATailIsCutForGood) {
  JournalOnDisk node;
  write_three(node);
  const std::uint64_t end = batch_offsets(node.disk).back();
  node.close();
  ASSERT_TRUE(node.disk.rot(segment(1), end + 8));
  ASSERT_TRUE(node.open_and_load().ok());
  // The new segment's first batch says where the old one ends.
  EXPECT_NE(node.disk.content(segment(2)), nullptr);
  ASSERT_TRUE(node.write(batch_of({promise(4)})).ok());
  ASSERT_TRUE(node.write(batch_of({promise(5)})).ok());
  node.crash_losing_all();
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  std::vector<Record> expected = kThree;
  expected.push_back(promise(4));
  expected.push_back(promise(5));
  EXPECT_EQ(loaded->memory, MemoryKind::kIntact) << loaded->detail;
  EXPECT_TRUE(loaded->records == expected);
}

TEST(JournalDamage, AMissingSegmentIsSeen) {
  for (std::uint64_t missing = 1; missing <= 2; ++missing) {
    JournalOnDisk node;
    write_three(node);
    ASSERT_TRUE(node.write(batch_of({accepted(1, 3900)})).ok());
    ASSERT_TRUE(node.write(batch_of({accepted(2, 3900)})).ok());
    node.close();
    Loop loop;
    auto files = node.disk.make_file_system(
        [&](Duration, absl::AnyInvocable<void()> work) { loop.post(std::move(work)); });
    files->remove(segment(missing), [](const absl::Status& status) { ASSERT_TRUE(status.ok()); });
    loop.run();
    files.reset();
    const auto loaded = node.open_and_load();
    ASSERT_TRUE(loaded.ok());
    EXPECT_EQ(loaded->memory, MemoryKind::kDamaged) << missing;
  }
}

// An older copy of a whole segment, as a backup or a lying disk gives it, is behind the mark.
TEST(JournalDamage, AStaleSegmentIsSeen) {
  JournalOnDisk node;
  write_three(node);
  const Bytes stale = *node.disk.content(segment(1));
  ASSERT_TRUE(node.write(batch_of({promise(4)})).ok());
  node.close();
  node.disk.put(segment(1), stale);
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->memory, MemoryKind::kDamaged);
}

// A batch that was moved, within its segment or to another, is no batch there.
TEST(JournalDamage, AMisplacedBatchIsSeen) {
  JournalOnDisk node;
  write_three(node);
  const std::vector<std::uint64_t> offsets = batch_offsets(node.disk);
  Bytes content = *node.disk.content(segment(1));
  ASSERT_EQ(offsets[3] - offsets[2], offsets[2] - offsets[1]);
  const auto at = [&](std::size_t batch) {
    return content.begin() + static_cast<std::ptrdiff_t>(offsets[batch]);
  };
  std::swap_ranges(at(1), at(2), at(2));
  node.close();
  node.disk.put(segment(1), content);
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->memory, MemoryKind::kDamaged);
}

// A segment's header proves the batch before it, even if its own first batch is torn.
TEST(JournalDamage, ASegmentHeaderIsAMark) {
  JournalOnDisk node;
  write_three(node);
  const WriteBatch large = batch_of({accepted(1, 3900)});
  (void)node.journal->write(large, [](const absl::Status&) { FAIL(); });
  ASSERT_TRUE(node.loop.step());  // Reserved.
  ASSERT_TRUE(node.loop.step());  // Identified; the write has begun.
  node.disk.crash_with([](const std::string& name, std::uint64_t offset) {
    return name == segment(2) && offset < journal_format::kSegmentHeaderBytes;
  });
  node.bury();
  ASSERT_TRUE(node.disk.rot(segment(1), batch_offsets(node.disk)[2] + 20));
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->memory, MemoryKind::kDamaged);
}

// One sector went back to what it held before: a sound batch, with the right number, of another
// past.
TEST(JournalDamage, ABatchOfAnotherPastIsSeen) {
  JournalOnDisk node;
  write_three(node);
  const std::vector<std::uint64_t> offsets = batch_offsets(node.disk);
  node.crash_losing_all();
  JournalOnDisk other;
  ASSERT_TRUE(other.open_and_load().ok());
  ASSERT_TRUE(other.write(batch_of({IdentityRecord{kMemory}, promise(1)})).ok());
  ASSERT_TRUE(other.write(batch_of({promise(8)})).ok());
  Bytes mixed = *node.disk.content(segment(1));
  const auto from = static_cast<std::ptrdiff_t>(offsets[1]);
  const auto to = static_cast<std::ptrdiff_t>(offsets[2]);
  const Bytes& past = *other.disk.content(segment(1));
  std::copy(past.begin() + from, past.begin() + to, mixed.begin() + from);
  node.disk.put(segment(1), mixed);
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->memory, MemoryKind::kDamaged);
}

// The last batch is marked, one start cannot read the mark and writes the batch again. Neither a
// crash before the new mark nor the old one beside it may make the memory look damaged.
TEST(JournalDamage, ABatchThatWasMarkedAndIsWrittenAgain) {
  for (std::size_t steps = 0; steps < 30; ++steps) {
    JournalOnDisk node(steps);
    write_three(node);
    node.close();  // Marks the last batch.
    node.disk.misread(std::string(journal_format::kMarkName),
                      Bytes(journal_format::kMarkFileBytes));
    node.open();
    node.journal->load([](const absl::StatusOr<Loaded>&) {});
    for (std::size_t i = 0; i < steps; ++i) node.loop.step();
    node.crash();
    const auto loaded = node.open_and_load();
    ASSERT_TRUE(loaded.ok());
    ASSERT_EQ(loaded->memory, MemoryKind::kIntact) << steps << ": " << loaded->detail;
    EXPECT_TRUE(loaded->records == kThree);
    node.close();
  }
}

// As above, and the first writing lies in a segment of its own, which later starts remove: then
// only the newer of the two marks is true.
TEST(JournalDamage, AMarkedBatchWhoseFirstWritingIsRemoved) {
  for (std::size_t steps = 0; steps < 40; ++steps) {
    JournalOnDisk node(steps);
    write_three(node);
    ASSERT_TRUE(node.write(batch_of({accepted(1, 3900)})).ok());
    node.close();
    std::vector<Record> all = kThree;
    all.push_back(accepted(1, 3900));
    node.disk.misread(std::string(journal_format::kMarkName),
                      Bytes(journal_format::kMarkFileBytes));
    for (int start = 0; start < 4; ++start) {
      if (start < 2) {
        node.open();
        node.journal->load([](const absl::StatusOr<Loaded>&) {});
        for (std::size_t i = 0; i < steps; ++i) node.loop.step();
        node.crash_losing_all();
      }
      const auto loaded = node.open_and_load();
      ASSERT_TRUE(loaded.ok());
      ASSERT_EQ(loaded->memory, MemoryKind::kIntact) << steps << ": " << loaded->detail;
      EXPECT_TRUE(loaded->records == all);
      node.crash_losing_all();
    }
  }
}

// The second writing fails: it is read back from the cache, and must be made durable before
// anything follows it, although the first one was marked.
TEST(JournalDamage, AMarkedBatchWhoseSecondWritingIsOnlyCached) {
  JournalOnDisk node;
  write_three(node);
  node.close();
  node.disk.misread(std::string(journal_format::kMarkName), Bytes(journal_format::kMarkFileBytes));
  node.disk.faults().sync_errors = 1;
  ASSERT_FALSE(node.open_and_load().ok());
  node.kill();
  for (int start = 0; start < 3; ++start) {
    const auto loaded = node.open_and_load();
    ASSERT_TRUE(loaded.ok());
    ASSERT_EQ(loaded->memory, MemoryKind::kIntact) << loaded->detail;
    EXPECT_TRUE(loaded->records == kThree);
    node.crash_losing_all();
  }
}

// As above, but what follows is another batch of the same number: the marked one is lost.
TEST(JournalDamage, ABatchThatWasMarkedAndIsReplaced) {
  const std::string mark_name(journal_format::kMarkName);
  JournalOnDisk node;
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of({IdentityRecord{kMemory}, promise(1)})).ok());
  ASSERT_TRUE(node.write(batch_of({promise(2)})).ok());
  node.close();
  const Bytes earlier_mark = *node.disk.content(mark_name);
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of({promise(3)})).ok());
  node.close();
  const std::uint64_t third = batch_offsets(node.disk)[2];
  const Bytes sound = *node.disk.content(segment(1));
  const Bytes mark = *node.disk.content(mark_name);
  ASSERT_TRUE(node.disk.rot(segment(1), third));
  node.disk.put(mark_name, earlier_mark);
  ASSERT_EQ(node.open_and_load()->memory, MemoryKind::kIntact);
  ASSERT_TRUE(node.write(batch_of({promise(9)})).ok());
  node.crash_losing_all();
  // All that was bad is as it was again.
  node.disk.put(segment(1), sound);
  node.disk.put(mark_name, mark);
  EXPECT_EQ(node.open_and_load()->memory, MemoryKind::kDamaged);
}

// Setting aside may be cut short anywhere: the rest never looks whole.
TEST(JournalDamage, StaysDamagedUntilANewMemoryIsBegun) {
  for (std::size_t steps = 0; steps < 20; ++steps) {
    JournalOnDisk node(steps);
    write_three(node);
    ASSERT_TRUE(node.write(batch_of({accepted(1, 3900)})).ok());
    ASSERT_TRUE(node.write(batch_of({accepted(2, 3900)})).ok());
    node.close();
    ASSERT_TRUE(node.disk.rot(segment(2), 100));
    node.open();
    node.journal->load([](const absl::StatusOr<Loaded>&) {});
    for (std::size_t i = 0; i < steps; ++i) node.loop.step();
    node.crash();
    auto loaded = node.open_and_load();
    ASSERT_TRUE(loaded.ok());
    EXPECT_EQ(loaded->memory, MemoryKind::kDamaged) << steps;
    node.close();
    loaded = node.open_and_load();
    ASSERT_TRUE(loaded.ok());
    EXPECT_EQ(loaded->memory, MemoryKind::kDamaged) << steps;
    const std::vector<Record> anew = {IdentityRecord{Incarnation(77)}};
    ASSERT_TRUE(node.write(batch_of(anew)).ok());
    node.crash();
    loaded = node.open_and_load();
    ASSERT_TRUE(loaded.ok());
    EXPECT_EQ(loaded->memory, MemoryKind::kIntact) << loaded->detail;
    EXPECT_TRUE(loaded->records == anew);
  }
}

// A crash while a snapshot was saved, then rot: the new memory may have to save one of the same
// round.
TEST(JournalDamage, WhatIsLeftOfASnapshotIsNotInTheWay) {
  JournalOnDisk node;
  write_three(node);
  node.close();
  node.disk.put("snapshot-0000000000000009.new", Bytes(100));
  ASSERT_TRUE(node.disk.rot(segment(1), 200));
  ASSERT_EQ(node.open_and_load()->memory, MemoryKind::kDamaged);
  ASSERT_TRUE(node.write(batch_of({IdentityRecord{Incarnation(77)}})).ok());
  EXPECT_TRUE(node.save(snapshot(9, 300)).ok());
}

TEST(JournalDamage, ASnapshotThatIsNeededAndRots) {
  JournalOnDisk node;
  write_three(node);
  ASSERT_TRUE(node.save(snapshot(9, 300)).ok());
  ASSERT_TRUE(node.write(checkpoint_of(9, {IdentityRecord{kMemory}, promise(3)})).ok());
  node.close();
  ASSERT_TRUE(node.disk.rot("snapshot-0000000000000009", 200));
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->memory, MemoryKind::kDamaged);
  EXPECT_NE(loaded->detail.find("snapshot-0000000000000009"), std::string::npos);
}

TEST(JournalDamage, ASnapshotThatIsNotNeededAndRots) {
  JournalOnDisk node;
  write_three(node);
  ASSERT_TRUE(node.save(snapshot(9, 300)).ok());
  node.close();
  ASSERT_TRUE(node.disk.rot("snapshot-0000000000000009", 200));
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->memory, MemoryKind::kIntact);
  EXPECT_TRUE(loaded->records == kThree);
  EXPECT_EQ(loaded->snapshot, nullptr);
}

}  // namespace
}  // namespace synod::testing
