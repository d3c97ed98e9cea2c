// A journal on a simulated disk, on a loop that runs one completion at a time.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <absl/functional/any_invocable.h>

#include <synod/journal.hpp>
#include <synod/simulation/simulated_disk.hpp>

namespace synod::testing {

inline constexpr Incarnation kMemory = Incarnation(0x1122334455667788);
inline constexpr ClusterId kCluster = ClusterId(0xc1);
inline constexpr NodeId kNode = NodeId(3);

// The node's thread: completions in order, as many as the test wants.
class Loop {
 public:
  void post(absl::AnyInvocable<void()> work) { work_.push_back(std::move(work)); }
  bool step() {
    if (work_.empty()) return false;
    auto work = std::move(work_.front());
    work_.pop_front();
    work();
    return true;
  }
  void run() {
    while (step()) {
    }
  }
  void drop() { work_.clear(); }

 private:
  std::deque<absl::AnyInvocable<void()>> work_;
};

inline Record promise(std::uint64_t counter) {
  return PromiseRecord{CoordNum{counter, kNode, kMemory}};
}
inline Record accepted(std::uint64_t round, std::size_t bytes) {
  Entry entry;
  entry.id = EntryId{round, 1};
  entry.kind = EntryKind::kState;
  entry.payload = Payload::copy_of(std::string(bytes, static_cast<char>('a' + round % 26)));
  return AcceptedRecord{{RoundNum(round), CoordNum{1, kNode, kMemory}, entry}};
}
inline SnapshotPtr snapshot(std::uint64_t round, std::size_t bytes) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->round = RoundNum(round);
  snapshot->bytes.assign(bytes, static_cast<std::byte>(round));
  return snapshot;
}
inline WriteBatch batch_of(std::vector<Record> records) {
  return {std::move(records), false, RoundNum(0)};
}
inline WriteBatch checkpoint_of(std::uint64_t round, std::vector<Record> records) {
  return {std::move(records), true, RoundNum(round)};
}

// One node's lives, one after the other.
class JournalOnDisk {
 public:
  explicit JournalOnDisk(std::uint64_t seed = 1) : prng(seed), disk(Prng(seed + 1)) {}
  ~JournalOnDisk() { close(); }

  JournalOptions options = {.cluster = kCluster, .node = kNode, .segment_bytes = 4096};
  Prng prng;
  Loop loop;
  SimulatedDisk disk;
  std::unique_ptr<FileSystem> files;
  std::unique_ptr<Journal> journal;

  void open() {
    files = disk.make_file_system(
        [this](Duration, absl::AnyInvocable<void()> work) { loop.post(std::move(work)); });
    journal = std::make_unique<Journal>(*files, options);
  }
  // Ends the process in good order.
  void close() {
    journal.reset();
    files.reset();
    loop.drop();
  }
  // Forgets the process; to be called after the disk's kill() or crash().
  void bury() {
    loop.drop();
    close();
  }
  void kill() {
    disk.kill(prng);
    bury();
  }
  void crash() {
    disk.crash(prng);
    bury();
  }
  // The power fails, and nothing survives that was not synced.
  void crash_losing_all() {
    disk.crash_with([](const std::string&, std::uint64_t) { return false; });
    bury();
  }

  absl::StatusOr<Loaded> load() {
    absl::StatusOr<Loaded> result = absl::UnknownError("no answer");
    journal->load([&](absl::StatusOr<Loaded> loaded) { result = std::move(loaded); });
    loop.run();
    return result;
  }
  absl::StatusOr<Loaded> open_and_load() {
    open();
    return load();
  }
  absl::Status write(const WriteBatch& batch) {
    absl::Status result = absl::UnknownError("no answer");
    const WriteStart start =
        journal->write(batch, [&](absl::Status status) { result = std::move(status); });
    if (start == WriteStart::kWritten) return absl::InternalError("a journal is never done at once");
    loop.run();
    return result;
  }
  absl::Status save(SnapshotPtr snapshot) {
    absl::Status result = absl::UnknownError("no answer");
    journal->save(std::move(snapshot), [&](absl::Status status) { result = std::move(status); });
    loop.run();
    return result;
  }
};

inline std::string segment(std::uint64_t sequence) {
  std::string digits = std::to_string(sequence);
  return "segment-" + std::string(16 - digits.size(), '0') + digits;  // Below ten.
}

}  // namespace synod::testing
