#include "traces/harness/backup.hpp"

#include <deque>
#include <memory>
#include <utility>

#include <absl/functional/any_invocable.h>

#include <synod/check.hpp>
#include <synod/journal.hpp>

namespace synod::traces {
namespace {

// A disk, a journal on it, and whatever they still have to do.
struct JournalAlone {
  SimulatedDisk disk = SimulatedDisk(Prng(1));
  std::deque<absl::AnyInvocable<void()>> work = {};
  std::unique_ptr<FileSystem> files = disk.make_file_system(
      [this](Duration, absl::AnyInvocable<void()> each) { work.push_back(std::move(each)); });
  Journal journal = Journal(*files, {.cluster = ClusterId(1), .node = NodeId(1)});

  void run() {
    while (!work.empty()) {
      auto next = std::move(work.front());
      work.pop_front();
      next();
    }
  }
  Loaded load() {
    absl::StatusOr<Loaded> result = absl::UnknownError("no answer");
    journal.load([&](absl::StatusOr<Loaded> loaded) { result = std::move(loaded); });
    run();
    SYNOD_CHECK(result.ok(), "a story's journal can be read");
    return *std::move(result);
  }
};

}  // namespace

Backup::Backup(const std::vector<Record>& records, SnapshotPtr snapshot) {
  JournalAlone alone;
  (void)alone.load();
  const bool rests_on_one = snapshot != nullptr;
  const WriteBatch batch{records, rests_on_one, rests_on_one ? snapshot->round : RoundNum(0)};
  if (rests_on_one) alone.journal.save(std::move(snapshot), [](const absl::Status&) {});
  alone.run();
  (void)alone.journal.write(batch, [](const absl::Status& status) {
    SYNOD_CHECK(status.ok(), "a story's journal can be written");
  });
  alone.run();
  volume_ = alone.disk.volume();
}

Loaded Backup::load(Return how) const {
  JournalAlone alone;
  alone.disk.roll_back(volume_);
  if (how == Return::kCopy) alone.disk.become(alone.disk.image());
  return alone.load();
}

}  // namespace synod::traces
