#include <synod/journal.hpp>

#include <gtest/gtest.h>

#include "journal/format.hpp"
#include "unit/journal/support.hpp"

namespace synod::testing {
namespace {

const std::vector<Record> kFirst = {IdentityRecord{kMemory}, promise(1)};

TEST(Journal, OneWriteAndOneSyncForEachBatch) {
  JournalOnDisk node;
  node.options.segment_bytes = 1 << 20;
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of(kFirst)).ok());
  const std::uint64_t before = node.disk.syncs();
  for (std::uint64_t counter = 2; counter < 102; ++counter) {
    ASSERT_TRUE(node.write(batch_of({promise(counter), accepted(counter, 100)})).ok());
  }
  EXPECT_EQ(node.disk.syncs() - before, 100u);
}

TEST(Journal, ReusesItsSegmentAfterACleanEnd) {
  JournalOnDisk node;
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of(kFirst)).ok());
  for (int i = 0; i < 3; ++i) {
    node.close();
    const auto loaded = node.open_and_load();
    ASSERT_TRUE(loaded.ok());
    EXPECT_TRUE(loaded->records == kFirst);
    EXPECT_EQ(node.disk.names(), (std::vector<std::string>{"mark", segment(1)}));
  }
}

TEST(Journal, StartsThatWriteNothingDoNotFillTheDisk) {
  JournalOnDisk node;
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of(kFirst)).ok());
  for (int i = 0; i < 10; ++i) {
    node.crash();
    const auto loaded = node.open_and_load();
    ASSERT_TRUE(loaded.ok());
    EXPECT_TRUE(loaded->records == kFirst);
  }
  EXPECT_LE(node.disk.names().size(), 3u);
}

// Hazard H19: what is older than a checkpoint goes only after the checkpoint is durable.
TEST(Journal, H19ACheckpointRemovesWhatIsOlder) {
  JournalOnDisk node;
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of(kFirst)).ok());
  ASSERT_TRUE(node.write(batch_of({accepted(1, 3900)})).ok());
  ASSERT_TRUE(node.save(snapshot(1, 10)).ok());
  ASSERT_TRUE(node.write(checkpoint_of(1, kFirst)).ok());
  ASSERT_TRUE(node.save(snapshot(2, 10)).ok());
  EXPECT_EQ(node.disk.names(),
            (std::vector<std::string>{"mark", segment(3), "snapshot-0000000000000001",
                                      "snapshot-0000000000000002"}));
  EXPECT_EQ(node.journal->size(), node.disk.used());

  // Step by step: as long as the checkpoint is not acknowledged, nothing older is gone.
  bool acknowledged = false;
  const WriteBatch second = checkpoint_of(2, kFirst);
  (void)node.journal->write(second, [&](const absl::Status& status) {
    EXPECT_TRUE(status.ok());
    acknowledged = true;
  });
  while (!acknowledged) {
    EXPECT_NE(node.disk.content(segment(3)), nullptr);
    EXPECT_NE(node.disk.content("snapshot-0000000000000001"), nullptr);
    ASSERT_TRUE(node.loop.step());
  }
  node.loop.run();
  EXPECT_EQ(node.disk.names(),
            (std::vector<std::string>{"mark", segment(4), "snapshot-0000000000000002"}));
}

// A checkpoint that a start found in the page cache alone: the older segments stay until it is
// synced.
TEST(Journal, H19AStartKeepsOldSegmentsUntilTheCheckpointIsDurable) {
  for (std::size_t steps = 0; steps < 20; ++steps) {
    JournalOnDisk node(steps);
    ASSERT_TRUE(node.open_and_load().ok());
    ASSERT_TRUE(node.write(batch_of(kFirst)).ok());
    ASSERT_TRUE(node.save(snapshot(1, 10)).ok());
    const std::vector<Record> needed = {IdentityRecord{kMemory}, promise(1), promise(0)};
    const WriteBatch checkpoint = checkpoint_of(1, needed);
    (void)node.journal->write(checkpoint, [](const absl::Status&) { FAIL(); });
    ASSERT_TRUE(node.loop.step());  // Reserved.
    ASSERT_TRUE(node.loop.step());  // Identified; the write has begun.
    ASSERT_GT(node.disk.unsynced_bytes(), 0u);
    node.kill();
    node.open();
    node.journal->load([](const absl::StatusOr<Loaded>&) {});
    for (std::size_t i = 0; i < steps; ++i) node.loop.step();
    node.crash_losing_all();
    const auto loaded = node.open_and_load();
    ASSERT_TRUE(loaded.ok());
    EXPECT_EQ(loaded->memory, MemoryKind::kIntact) << steps << loaded->detail;
    EXPECT_TRUE(loaded->records == kFirst || loaded->records == needed) << steps;
  }
}

TEST(Journal, NoSpaceIsSurvived) {
  JournalOnDisk node;
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of(kFirst)).ok());
  node.disk.faults().capacity = node.disk.used();
  const WriteBatch large = batch_of({accepted(1, 5000)});
  EXPECT_TRUE(absl::IsResourceExhausted(node.write(large)));
  EXPECT_TRUE(absl::IsResourceExhausted(node.write(large)));
  EXPECT_TRUE(absl::IsResourceExhausted(node.save(snapshot(1, 5000))));
  node.disk.faults().capacity.reset();
  EXPECT_TRUE(node.write(large).ok());
  EXPECT_TRUE(node.save(snapshot(1, 5000)).ok());
  node.crash_losing_all();
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->records.size(), 3u);
}

// RT-05: after a failed sync every later write fails, although the disk would take it.
TEST(Journal, AFailedSyncIsForGood) {
  JournalOnDisk node;
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of(kFirst)).ok());
  node.disk.faults().sync_errors = 1;
  const absl::Status failed = node.write(batch_of({promise(2)}));
  EXPECT_FALSE(failed.ok());
  EXPECT_FALSE(absl::IsResourceExhausted(failed));
  const std::uint64_t syncs = node.disk.syncs();
  EXPECT_EQ(node.write(batch_of({promise(3)})), failed);
  EXPECT_EQ(node.save(snapshot(1, 1)), failed);
  EXPECT_EQ(node.disk.syncs(), syncs);
  // The next start makes the doubtful batch durable before it gives it back.
  node.kill();
  auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  const std::vector<Record> given = loaded->records;
  node.crash_losing_all();
  loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_TRUE(loaded->records == given);
}

TEST(Journal, AnotherNodesDirectoryIsRefused) {
  JournalOnDisk node;
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of(kFirst)).ok());
  node.close();
  node.options.node = NodeId(4);
  const std::vector<std::string> names = node.disk.names();
  const auto refused = node.open_and_load();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
  EXPECT_NE(refused.status().message().find("node 3"), std::string::npos) << refused.status();
  EXPECT_NE(refused.status().message().find("node 4"), std::string::npos) << refused.status();
  EXPECT_EQ(node.disk.names(), names);
  node.close();
  node.options.node = kNode;
  node.options.cluster = ClusterId(0xc2);
  EXPECT_TRUE(absl::IsFailedPrecondition(node.open_and_load().status()));
}

TEST(Journal, AnotherVersionIsRefused) {
  for (const std::uint32_t version : {journal_format::kVersion - 1, journal_format::kVersion + 1}) {
    JournalOnDisk node;
    ASSERT_TRUE(node.open_and_load().ok());
    ASSERT_TRUE(node.write(batch_of(kFirst)).ok());
    node.close();
    Bytes content = *node.disk.content(segment(1));
    journal_format::SegmentHeader header;
    ASSERT_EQ(journal_format::get(content, header), journal_format::HeaderKind::kSound);
    journal_format::put_of_version(header, version, content);
    node.disk.put(segment(1), content);
    const auto refused = node.open_and_load();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
    EXPECT_NE(refused.status().message().find("format version"), std::string::npos);
    EXPECT_NE(node.disk.content(segment(1)), nullptr);
  }
}

TEST(Journal, TheDirectoryIsLocked) {
  JournalOnDisk node;
  ASSERT_TRUE(node.open_and_load().ok());
  auto files = node.disk.make_file_system(
      [&](Duration, absl::AnyInvocable<void()> work) { node.loop.post(std::move(work)); });
  Journal second(*files, node.options);
  absl::Status status;
  second.load([&](absl::StatusOr<Loaded> loaded) { status = loaded.status(); });
  node.loop.run();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
}

TEST(Journal, ReservesTheNextSegmentAheadOfTime) {
  JournalOnDisk node;
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of(kFirst)).ok());
  ASSERT_TRUE(node.write(batch_of({accepted(1, 2500)})).ok());
  ASSERT_NE(node.disk.content(segment(2)), nullptr);
  // No space is needed then for a batch that goes there.
  node.disk.faults().capacity = 0;
  EXPECT_TRUE(node.write(batch_of({accepted(2, 2500)})).ok());
  node.disk.faults().capacity.reset();
  // A batch that the prepared one is too small for gets one of its own size in its place.
  EXPECT_TRUE(node.write(batch_of({accepted(3, 20'000)})).ok());
  node.crash();
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->records.size(), 5u);
}

TEST(Journal, CompletionsOwedToTheDeadNeverCome) {
  JournalOnDisk node;
  ASSERT_TRUE(node.open_and_load().ok());
  ASSERT_TRUE(node.write(batch_of(kFirst)).ok());
  const WriteBatch batch = batch_of({promise(2)});
  (void)node.journal->write(batch, [](const absl::Status&) { FAIL(); });
  node.journal.reset();
  node.loop.run();
  node.close();
  const auto loaded = node.open_and_load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->records.size(), 3u);
}

}  // namespace
}  // namespace synod::testing
