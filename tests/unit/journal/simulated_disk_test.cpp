// The disk's faults, each alone: what it does, what it counts, and what is left of a file.
#include <gtest/gtest.h>

#include <set>

#include "unit/journal/support.hpp"

namespace synod::testing {
namespace {

constexpr const char* kFile = "file";

// A disk with one file of zeros, and somebody who uses it.
class SimulatedDiskTest : public ::testing::Test {
 protected:
  SimulatedDiskTest() {
    reopen();
    EXPECT_TRUE(create(kFile, 16384).ok());
  }

  void reopen() {
    files.reset();
    loop.drop();
    files = disk.make_file_system(
        [this](Duration, absl::AnyInvocable<void()> work) { loop.post(std::move(work)); });
  }
  FileSystem::Done keep(absl::Status& status) {
    return [&status](absl::Status result) { status = std::move(result); };
  }
  absl::Status create(const std::string& name, std::uint64_t size) {
    absl::Status status = absl::CancelledError("no answer");
    files->create(name, size, keep(status));
    loop.run();
    return status;
  }
  absl::Status write(std::uint64_t offset, const Bytes& bytes, bool sync = true) {
    absl::Status status = absl::CancelledError("no answer");
    files->write(kFile, offset, bytes, sync, keep(status));
    loop.run();
    return status;
  }
  absl::Status rename(const std::string& from, const std::string& to) {
    absl::Status status = absl::CancelledError("no answer");
    files->rename(from, to, keep(status));
    loop.run();
    return status;
  }
  absl::StatusOr<Bytes> read(const std::string& name) {
    absl::StatusOr<Bytes> content = absl::CancelledError("no answer");
    files->read(name, [&](absl::StatusOr<Bytes> result) { content = std::move(result); });
    loop.run();
    return content;
  }
  static Bytes filled(std::size_t size, int with) {
    return Bytes(size, static_cast<std::byte>(with));
  }
  std::byte at(std::uint64_t offset) { return (*disk.content(kFile))[offset]; }

  Prng prng{7};
  Loop loop;
  SimulatedDisk disk{Prng(3)};
  std::unique_ptr<FileSystem> files;
};

TEST_F(SimulatedDiskTest, EachErrorStrikesSoOftenAndIsCounted) {
  disk.faults().write_errors = 2;
  EXPECT_EQ(write(0, filled(8, 1)).message(), "simulated write error");
  EXPECT_FALSE(write(0, filled(8, 1)).ok());
  EXPECT_EQ(at(0), std::byte{0});
  EXPECT_TRUE(write(0, filled(8, 1)).ok());
  disk.faults().read_errors = 1;
  EXPECT_EQ(read(kFile).status().message(), "simulated read error");
  EXPECT_TRUE(read(kFile).ok());
  disk.faults().open_errors = 1;
  EXPECT_EQ(create("other", 10).message(), "simulated open error");
  EXPECT_EQ(disk.content("other"), nullptr);
  disk.faults().rename_errors = 1;
  EXPECT_EQ(rename(kFile, "other").message(), "simulated rename error");
  EXPECT_NE(disk.content(kFile), nullptr);
  EXPECT_EQ(disk.counts().write_errors, 2u);
  EXPECT_EQ(disk.counts().read_errors, 1u);
  EXPECT_EQ(disk.counts().open_errors, 1u);
  EXPECT_EQ(disk.counts().rename_errors, 1u);
}

TEST_F(SimulatedDiskTest, ASyncThatFailsOnceLiesFromThenOn) {
  disk.faults().sync_errors = 1;
  EXPECT_EQ(write(0, filled(8, 5)).message(), "simulated sync error");
  EXPECT_TRUE(write(100, filled(8, 6)).ok());  // A sync that succeeds, and proves nothing.
  EXPECT_EQ((*read(kFile))[0], std::byte{5});
  disk.kill(prng);
  reopen();
  EXPECT_EQ((*read(kFile))[0], std::byte{5});
  disk.crash_with([](const std::string&, std::uint64_t) { return false; });
  EXPECT_EQ(at(0), std::byte{0});
  EXPECT_EQ(at(100), std::byte{6});
}

TEST_F(SimulatedDiskTest, WhatASyncGaveUpDoesNotComeBackOverWhatWasWrittenSince) {
  disk.faults().sync_errors = 1;
  EXPECT_FALSE(write(0, filled(8, 1)).ok());
  EXPECT_TRUE(write(4, filled(8, 2)).ok());
  disk.crash_with([](const std::string&, std::uint64_t) { return true; });
  EXPECT_EQ(at(3), std::byte{1});
  EXPECT_EQ(at(4), std::byte{2});
  EXPECT_EQ(at(7), std::byte{2});
}

TEST_F(SimulatedDiskTest, ASyncMayFailForGood) {
  disk.faults().sync_errors = kForGood;
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(write(0, filled(8, 5)).ok());
  EXPECT_EQ(disk.counts().sync_errors, 5u);
  disk.crash_with([](const std::string&, std::uint64_t) { return false; });
  EXPECT_EQ(at(0), std::byte{0});
}

TEST_F(SimulatedDiskTest, AFullDiskRefusesAndTakesAgain) {
  disk.faults().capacity = 16384 + 100;
  EXPECT_TRUE(absl::IsResourceExhausted(create("other", 200)));
  EXPECT_EQ(disk.counts().refused, 1u);
  EXPECT_TRUE(write(0, filled(8, 1)).ok());  // What is reserved can be written.
  disk.faults().capacity.reset();
  EXPECT_TRUE(create("other", 200).ok());
}

TEST_F(SimulatedDiskTest, TornWritesAreTornAtBytesSectorsAndPages) {
  std::set<std::uint64_t> boundaries;
  bool old_content = false;
  bool zeros = false;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Prng chance(seed);
    disk.put(kFile, filled(16384, 1));
    reopen();
    absl::Status ignored;
    const Bytes bytes = filled(16000, 2);
    files->write(kFile, 100, bytes, true, keep(ignored));
    disk.crash(chance);
    std::uint64_t unit = 4096;
    for (std::uint64_t i = 101; i < 16100; ++i) {
      if (at(i) == at(i - 1)) continue;
      while (i % unit != 0) unit = unit == 4096 ? 512 : 1;
      boundaries.insert(unit);
    }
    for (std::uint64_t i = 100; i < 16100; ++i) {
      old_content = old_content || at(i) == std::byte{1};
      zeros = zeros || at(i) == std::byte{0};
    }
    EXPECT_EQ(at(99), std::byte{1});
    EXPECT_EQ(at(16100), std::byte{1});
  }
  EXPECT_EQ(boundaries, (std::set<std::uint64_t>{1, 512, 4096}));
  EXPECT_TRUE(old_content);
  EXPECT_TRUE(zeros);
  EXPECT_GT(disk.counts().torn_writes, 50u);
  EXPECT_GT(disk.counts().lost_writes, 10u);
}

TEST_F(SimulatedDiskTest, WhatIsNotSyncedSurvivesInAnySubsetOrInOrder) {
  for (const bool reorders : {true, false}) {
    std::set<int> subsets;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      Prng chance(seed);
      disk.put(kFile, filled(16384, 0));
      disk.faults().reorders = reorders;
      disk.faults().tears = false;
      reopen();
      for (int i = 0; i < 3; ++i) EXPECT_TRUE(write(1000 * i, filled(700, 9), false).ok());
      disk.crash(chance);
      int subset = 0;
      for (int i = 0; i < 3; ++i) {
        if (at(1000 * i) == std::byte{9}) subset |= 1 << i;
        EXPECT_EQ(at(1000 * i), at(1000 * i + 699));
      }
      subsets.insert(subset);
    }
    if (reorders) {
      EXPECT_EQ(subsets.size(), 8u);
    } else {
      EXPECT_EQ(subsets, (std::set<int>{0, 1, 3, 7}));
    }
  }
}

// Whatever mix of syncs, lying syncs and overlapping writes came before.
TEST_F(SimulatedDiskTest, AfterThePowerFailedReadersSeeWhatIsDurable) {
  int lossy = 0;
  for (int trial = 0; trial < 60; ++trial) {
    SCOPED_TRACE(trial);
    for (int i = 0; i < 12; ++i) {
      disk.faults().sync_errors = prng.below(4) == 0 ? 1 : 0;
      const bool sync = prng.chance(0.4);
      (void)write(prng.below(8192), filled(1 + prng.below(4096), 1 + i), sync);
    }
    const Bytes before = *disk.content(kFile);
    trial % 2 == 0
        ? disk.crash(prng)
        : disk.crash_with([this](const std::string&, std::uint64_t) { return prng.chance(0.5); });
    EXPECT_EQ(disk.unsynced_bytes(), 0u);
    EXPECT_EQ(*disk.content(kFile), disk.image().at(kFile));
    lossy += *disk.content(kFile) != before ? 1 : 0;
    reopen();
  }
  EXPECT_GT(lossy, 20) << "or nothing was shown";
}

TEST_F(SimulatedDiskTest, WritesThatWentAstrayCanBeTakenBack) {
  EXPECT_TRUE(write(0, filled(8, 1)).ok());
  EXPECT_TRUE(write(0, filled(8, 2)).ok());
  ASSERT_EQ(disk.past_writes(kFile).size(), 2u);
  const SimulatedDisk::PastWrite last = disk.past_writes(kFile).back();
  EXPECT_EQ(last.before, filled(8, 1));
  disk.overwrite(kFile, last.offset, last.before);
  EXPECT_EQ(at(7), std::byte{1});
  EXPECT_EQ(disk.image().at(kFile)[7], std::byte{1});
}

TEST_F(SimulatedDiskTest, AReadMayGiveSomethingElseOnce) {
  disk.misread(kFile, filled(3, 4));
  EXPECT_EQ(*read(kFile), filled(3, 4));
  EXPECT_EQ(read(kFile)->size(), 16384u);
  EXPECT_EQ(disk.counts().misread, 1u);
}

// Found by seed 11906 of three nodes: a disk that was replaced was misread as the one before it.
TEST_F(SimulatedDiskTest, WhatWouldHaveBeenMisreadGoesWithTheDisk) {
  disk.misread(kFile, filled(3, 4));
  ASSERT_TRUE(disk.will_misread());
  disk.become({});
  EXPECT_FALSE(disk.will_misread());
  disk.misread(kFile, filled(3, 4));
  disk.roll_back({});
  EXPECT_FALSE(disk.will_misread());
}

TEST_F(SimulatedDiskTest, AnImageIsPutBackWithoutWhatWasNotSynced) {
  EXPECT_TRUE(write(0, filled(8, 1)).ok());
  EXPECT_TRUE(write(8, filled(8, 1), false).ok());
  const SimulatedDisk::Image image = disk.image();
  EXPECT_TRUE(write(0, filled(8, 2)).ok());
  EXPECT_TRUE(create("later", 4).ok());
  disk.kill(prng);
  disk.become(image);
  EXPECT_EQ(at(0), std::byte{1});
  EXPECT_EQ(at(8), std::byte{0});
  EXPECT_EQ(disk.content("later"), nullptr);
}

TEST_F(SimulatedDiskTest, ATrapSpringsBeforeWithinAndAfterAnOperation) {
  for (const TrapMoment moment : {TrapMoment::kBefore, TrapMoment::kWithin, TrapMoment::kAfter}) {
    SCOPED_TRACE(static_cast<int>(moment));
    disk.put(kFile, filled(16384, 0));
    reopen();
    bool sprung = false;
    disk.set_trap(2, moment, [&] { sprung = true; });
    EXPECT_TRUE(write(0, filled(8, 1)).ok());
    EXPECT_FALSE(sprung);
    EXPECT_TRUE(absl::IsCancelled(write(8, filled(8, 2))));
    EXPECT_TRUE(sprung);
    EXPECT_TRUE(absl::IsCancelled(write(16, filled(8, 3))));  // Nothing happens any more.
    EXPECT_EQ(at(8), moment == TrapMoment::kBefore ? std::byte{0} : std::byte{2});
    disk.crash_with([](const std::string&, std::uint64_t) { return false; });
    EXPECT_EQ(at(8), moment == TrapMoment::kAfter ? std::byte{2} : std::byte{0});
    EXPECT_EQ(at(16), std::byte{0});
    reopen();
    EXPECT_TRUE(write(16, filled(8, 3)).ok());  // The next life is as any other.
  }
}

}  // namespace
}  // namespace synod::testing
