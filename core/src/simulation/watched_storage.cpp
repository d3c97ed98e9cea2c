#include "simulation/watched_storage.hpp"

#include <utility>

#include <synod/replica.hpp>

namespace synod::simulation {

void WatchedStorage::load(LoadDone done) {
  storage_.load([this, done = std::move(done)](absl::StatusOr<Loaded> loaded) mutable {
    if (loaded.ok() && loaded->memory == MemoryKind::kIntact && !loaded->records.empty()) {
      const auto* identity = std::get_if<IdentityRecord>(&loaded->records.front());
      if (identity != nullptr) incarnation_ = identity->incarnation;
      checker_.on_loaded(node_, incarnation_, loaded->records);
      if (loaded->snapshot != nullptr) {
        checker_.on_state_loaded(node_);
        checker_.on_installed(node_, loaded->snapshot->round);
        checker_.on_checkpoint(node_, incarnation_, loaded->snapshot->round);
      }
    }
    if (loaded.ok()) on_memory_(loaded->memory);
    done(std::move(loaded));
  });
}

WriteStart WatchedStorage::write(const WriteBatch& batch, WriteDone done) {
  if (trace_) {
    for (const Record& record : batch.records) trace_("* " + describe(record));
    if (batch.checkpoint) trace_("* checkpoint of r" + to_string(batch.checkpoint_round));
  }
  const WriteStart start =
      storage_.write(batch, [this, &batch, done = std::move(done)](absl::Status status) mutable {
        if (trace_) trace_("* written: " + status.ToString());
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
    checker_.on_durable(node_, incarnation_, record, batch.checkpoint);
  }
  if (batch.checkpoint) checker_.on_checkpoint(node_, incarnation_, batch.checkpoint_round);
  if (on_first_durable_) std::exchange(on_first_durable_, nullptr)();
}

void WatchedStorage::save(SnapshotPtr snapshot, WriteDone done) {
  if (trace_) trace_("* saves a snapshot of r" + to_string(snapshot->round));
  storage_.save(snapshot, [this, round = snapshot->round,
                           done = std::move(done)](absl::Status status) mutable {
    if (trace_) trace_("* saved: " + status.ToString());
    if (status.ok()) checker_.on_checkpoint(node_, incarnation_, round);
    done(std::move(status));
  });
}

}  // namespace synod::simulation
