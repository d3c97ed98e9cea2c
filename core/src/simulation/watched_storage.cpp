#include "simulation/watched_storage.hpp"

#include <utility>

#include <synod/replica.hpp>

namespace synod::simulation {

void WatchedStorage::load(LoadDone done) {
  storage_.load([this, done = std::move(done)](absl::StatusOr<Loaded> loaded) mutable {
    if (loaded.ok() && loaded->memory == MemoryKind::kIntact && !loaded->records.empty()) {
      const auto* identity = std::get_if<IdentityRecord>(&loaded->records.front());
      if (identity != nullptr) incarnation_ = identity->incarnation;
      if (loaded->snapshot != nullptr) {
        checker_.on_checkpoint(node_, incarnation_, loaded->snapshot->round);
        checker_.on_state_loaded(node_);
        checker_.on_installed(node_, loaded->snapshot->round);
      }
      checker_.on_loaded(node_, incarnation_, loaded->records);
    }
    if (loaded.ok()) on_memory_(loaded->memory);
    if (tell_) end(loaded.status(), "loading");
    done(std::move(loaded));
  });
}

// Votes are shown twice: while they count for nobody, and once they are durable.
void WatchedStorage::begin(const WriteBatch& batch) const {
  if (batch.checkpoint) {
    tell_({.happening = Happening::kDurable,
           .node = {},
           .text = "writes a checkpoint of r" + to_string(batch.checkpoint_round)});
    return;
  }
  for (const Record& record : batch.records) {
    Moment moment = moment_of(record);
    if (moment.happening == Happening::kDurable) continue;
    moment.happening = Happening::kWriting;
    tell_(std::move(moment));
  }
}

void WatchedStorage::end(const absl::Status& status, std::string_view what) const {
  if (status.ok()) return;
  tell_({.happening = Happening::kDiskFault,
         .node = {},
         .text = std::string(what) + " fails: " + status.ToString()});
}

WriteStart WatchedStorage::write(const WriteBatch& batch, WriteDone done) {
  if (tell_) begin(batch);
  const WriteStart start =
      storage_.write(batch, [this, &batch, done = std::move(done)](absl::Status status) mutable {
        if (tell_) end(status, "a write");
        note(status);
        if (status.ok()) written(batch);
        done(std::move(status));
      });
  if (start == WriteStart::kWritten) written(batch);
  return start;
}

// After a failed write or sync nothing counts as durable any more (H11).
void WatchedStorage::note(const absl::Status& status) {
  if (status.ok() && !failure_.ok()) {
    checker_.violation("I19",
                       "node " + to_string(node_) + " writes on after " + failure_.ToString());
  }
  if (!status.ok() && !absl::IsResourceExhausted(status)) failure_.Update(status);
}

void WatchedStorage::written(const WriteBatch& batch) {
  for (const Record& record : batch.records) {
    if (const auto* identity = std::get_if<IdentityRecord>(&record)) {
      incarnation_ = identity->incarnation;
    }
    if (tell_ && !batch.checkpoint) tell_(moment_of(record));
    checker_.on_durable(node_, incarnation_, record, batch.checkpoint);
  }
  if (batch.checkpoint) checker_.on_checkpoint(node_, incarnation_, batch.checkpoint_round);
  if (on_first_durable_) std::exchange(on_first_durable_, nullptr)();
}

void WatchedStorage::save(SnapshotPtr snapshot, WriteDone done) {
  storage_.save(snapshot, [this, round = snapshot->round,
                           done = std::move(done)](absl::Status status) mutable {
    if (tell_) tell_saved(status, round);
    if (status.ok()) checker_.on_checkpoint(node_, incarnation_, round);
    done(std::move(status));
  });
}

void WatchedStorage::tell_saved(const absl::Status& status, RoundNum round) const {
  const std::string what = "the snapshot of r" + to_string(round);
  if (!status.ok()) return end(status, "saving " + what);
  tell_({.happening = Happening::kDurable, .node = {}, .text = what + " is saved"});
}

}  // namespace synod::simulation
