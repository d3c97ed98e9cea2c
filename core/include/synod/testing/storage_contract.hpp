// File: storage_contract.hpp
//
// What every Storage must do, as a GoogleTest suite for your own:
//
//   INSTANTIATE_TEST_SUITE_P(Mine, StorageContract, ::testing::Values(StorageFactory{
//       "mine", true, [] { return std::make_unique<MyStorageUnderTest>(); }}));
//
// inside namespace synod::testing, in one source file. docs/how-to/storage.md shows the whole.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <absl/functional/function_ref.h>

#include <synod/snapshot.hpp>
#include <synod/storage.hpp>

namespace synod::testing {

// A storage and whatever it needs to run.
class StorageUnderTest {
 public:
  virtual ~StorageUnderTest() = default;
  [[nodiscard]] virtual Storage& storage() = 0;
  // Runs what was posted to the node's thread, and waits for more, until `done()`.
  virtual void run_until(absl::FunctionRef<bool()> done) = 0;
  // Ends the storage as a process that is killed would, and opens another one in the same place.
  virtual void reopen() = 0;
};

struct StorageFactory {
  std::string name;
  bool durable = true;  // False: it forgets everything when it is reopened.
  std::function<std::unique_ptr<StorageUnderTest>()> make;
};
inline void PrintTo(const StorageFactory& factory, std::ostream* out) { *out << factory.name; }

class StorageContract : public ::testing::TestWithParam<StorageFactory> {
 protected:
  static constexpr Incarnation kMemory = Incarnation(0xabcdef);

  static Record promise(std::uint64_t counter) {
    return PromiseRecord{CoordNum{counter, NodeId(1), kMemory}};
  }
  static Record accepted(std::uint64_t round, std::string_view text) {
    Entry entry;
    entry.id = EntryId{round, 7};
    entry.kind = EntryKind::kState;
    entry.payload = Payload::copy_of(text);
    return AcceptedRecord{{RoundNum(round), CoordNum{1, NodeId(1), kMemory}, entry}};
  }

  Loaded load() {
    absl::StatusOr<Loaded> result = absl::UnknownError("no answer");
    bool answered = false;
    under_test_->storage().load([&](absl::StatusOr<Loaded> loaded) {
      result = std::move(loaded);
      answered = true;
    });
    EXPECT_FALSE(answered) << "load() answered inside the call";
    under_test_->run_until([&] { return answered; });
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *std::move(result) : Loaded{};
  }

  absl::Status write(const WriteBatch& batch) {
    absl::Status result;
    bool answered = false;
    const WriteStart start = under_test_->storage().write(batch, [&](absl::Status status) {
      result = std::move(status);
      answered = true;
    });
    EXPECT_FALSE(answered) << "write() answered inside the call";
    if (start == WriteStart::kPending) under_test_->run_until([&] { return answered; });
    return result;
  }
  absl::Status write(std::vector<Record> records) {
    return write(WriteBatch{std::move(records), false, RoundNum(0)});
  }

  absl::Status save(std::uint64_t round, std::string_view text) {
    absl::Status result;
    bool answered = false;
    under_test_->storage().save(snapshot(round, text), [&](absl::Status status) {
      result = std::move(status);
      answered = true;
    });
    EXPECT_FALSE(answered) << "save() answered inside the call";
    under_test_->run_until([&] { return answered; });
    return result;
  }
  static SnapshotPtr snapshot(std::uint64_t round, std::string_view text) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->round = RoundNum(round);
    const auto bytes = std::as_bytes(std::span(text));
    snapshot->bytes.assign(bytes.begin(), bytes.end());
    return snapshot;
  }

  // Opens again: everything in `records`, or nothing at all where the storage forgets.
  Loaded expect_after_reopening(const std::vector<Record>& records) {
    under_test_->reopen();
    Loaded loaded = load();
    if (GetParam().durable) {
      EXPECT_EQ(loaded.memory, MemoryKind::kIntact) << loaded.detail;
      EXPECT_TRUE(loaded.records == records) << loaded.records.size() << " records came back";
    } else {
      EXPECT_EQ(loaded.memory, MemoryKind::kAbsent);
      EXPECT_TRUE(loaded.records.empty());
    }
    return loaded;
  }

  std::unique_ptr<StorageUnderTest> under_test_ = GetParam().make();
};

TEST_P(StorageContract, BeginsWithAbsentMemory) {
  const Loaded loaded = load();
  EXPECT_EQ(loaded.memory, MemoryKind::kAbsent);
  EXPECT_TRUE(loaded.records.empty());
  EXPECT_EQ(loaded.snapshot, nullptr);
}

TEST_P(StorageContract, GivesBackEveryRecordInOrder) {
  load();
  const std::vector<Record> first = {IdentityRecord{kMemory}, promise(1), accepted(1, "one")};
  const std::vector<Record> second = {accepted(2, ""), CommitMarkRecord{RoundNum(2)}, promise(2)};
  ASSERT_TRUE(write(first).ok());
  ASSERT_TRUE(write(second).ok());
  std::vector<Record> all = first;
  all.insert(all.end(), second.begin(), second.end());
  expect_after_reopening(all);
}

TEST_P(StorageContract, GoesOnAfterReopening) {
  load();
  ASSERT_TRUE(write({IdentityRecord{kMemory}, promise(1)}).ok());
  expect_after_reopening({IdentityRecord{kMemory}, promise(1)});
  if (!GetParam().durable) return;
  ASSERT_TRUE(write({promise(2)}).ok());
  expect_after_reopening({IdentityRecord{kMemory}, promise(1), promise(2)});
}

TEST_P(StorageContract, LeavesTheBatchAlone) {
  load();
  const WriteBatch batch{{IdentityRecord{kMemory}, accepted(1, "text")}, false, RoundNum(0)};
  const std::vector<Record> before = batch.records;
  ASSERT_TRUE(write(batch).ok());
  EXPECT_TRUE(batch.records == before);
}

TEST_P(StorageContract, ACheckpointReplacesWhatWasBefore) {
  load();
  ASSERT_TRUE(write({IdentityRecord{kMemory}, accepted(1, "old"), promise(3)}).ok());
  ASSERT_TRUE(save(5, "the state after round 5").ok());
  const std::vector<Record> needed = {IdentityRecord{kMemory}, promise(3), accepted(6, "new")};
  ASSERT_TRUE(write(WriteBatch{needed, true, RoundNum(5)}).ok());
  const Loaded loaded = expect_after_reopening(needed);
  if (!GetParam().durable) return;
  ASSERT_NE(loaded.snapshot, nullptr);
  EXPECT_EQ(loaded.snapshot->round, RoundNum(5));
  EXPECT_TRUE(loaded.snapshot->bytes == snapshot(5, "the state after round 5")->bytes);
}

TEST_P(StorageContract, SavesWhileItWrites) {
  load();
  ASSERT_TRUE(write({IdentityRecord{kMemory}}).ok());
  bool saved = false;
  under_test_->storage().save(snapshot(1, std::string(100'000, 's')), [&](absl::Status status) {
    EXPECT_TRUE(status.ok()) << status;
    saved = true;
  });
  std::vector<Record> all = {IdentityRecord{kMemory}};
  for (std::uint64_t counter = 1; counter <= 10; ++counter) {
    all.push_back(promise(counter));
    ASSERT_TRUE(write({promise(counter)}).ok());
  }
  under_test_->run_until([&] { return saved; });
  expect_after_reopening(all);
}

inline std::string storage_name(const ::testing::TestParamInfo<StorageFactory>& param) {
  return param.param.name;
}

}  // namespace synod::testing
