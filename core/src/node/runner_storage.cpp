#include <utility>

#include <synod/probe.hpp>

#include "node/runner_implementation.hpp"

namespace synod {

void Runner::Implementation::start_write() {
  if (writes_.in_flight() != nullptr || writes_.begin(now_) == nullptr) {
    return;
  }
  write_in_flight();
}

// Writes the batch that was begun; also once more, unchanged, after it found no space.
void Runner::Implementation::write_in_flight() {
  write_again_ = Timestamp::max();
  std::shared_ptr<const QueuedBatch> batch = writes_.in_flight();
  const WriteBatch& records = batch->batch;
  auto done = [this, alive = std::weak_ptr<bool>(alive_),
               batch = std::move(batch)](absl::Status status) mutable {
    if (alive.expired()) {
      return;
    }
    batch.reset();  // The queue may then use its buffers again.
    turn([this, &status] { on_write_done(status); });
  };
  if (storage_.write(records, std::move(done)) == WriteStart::kWritten) {
    on_write_done(absl::OkStatus());
  }
}

// Steps, and does no more: a storage that is done at once must not make the turn recurse.
void Runner::Implementation::on_write_done(const absl::Status& status) {
  if (phase_ == Phase::kFailed || phase_ == Phase::kStopped) {
    return;
  }
  if (absl::IsResourceExhausted(status)) {
    on_trouble(std::string(status.message()));
    return;
  }
  if (!status.ok()) {
    fail(status);
    return;
  }
  const QueuedBatch& batch = *writes_.in_flight();
  ++stats.writes;
  stats.records_written += batch.batch.records.size();
  bytes_since_snapshot_ += batch.entry_bytes;
  const std::uint64_t sequence = batch.sequence;
  writes_.written(leaving_);
  if (std::exchange(trouble_, false)) {
    step(StorageTrouble{false, {}});
  }
  if (sequence > 0) {
    step(Written{sequence});
  }
  const std::uint64_t every = options_.snapshot_every_bytes;
  const bool early = bytes_since_snapshot_ >= every / 8 && SYNOD_BUGGIFY("runner.snapshot-early");
  const bool enough = bytes_since_snapshot_ >= every || early;
  if (every > 0 && enough && !snapshot_asked_ && active()) {
    snapshot_asked_ = true;
    bytes_since_snapshot_ = 0;
    step(TakeSnapshot{});
  }
}

void Runner::Implementation::on_trouble(std::string why) {
  SYNOD_MARK("runner.storage-is-full");
  write_again_ = now_.after(options_.storage_retry);
  if (!std::exchange(trouble_, true)) {
    step(StorageTrouble{true, std::move(why)});
  }
}

void Runner::Implementation::on(const SnapshotTaken& taken) {
  snapshot_asked_ = false;
  Save save{taken.snapshot, std::exchange(snapshot_waiters_, {})};
  // What is saved already need not be saved again.
  if (save.snapshot == nullptr || save.snapshot->round <= saved_round_) {
    SYNOD_MARK("runner.snapshot-is-saved-already");
    give(std::move(save));
    return;
  }
  bytes_since_snapshot_ = 0;
  if (!saving_.has_value() && save_again_ == Timestamp::max()) {
    start_save(std::move(save));
    return;
  }
  SYNOD_MARK("runner.snapshot-waits-for-another");
  // The newest one is enough; whoever waited for the one before gets it as well.
  if (save_next_.has_value()) {
    for (auto& done : save_next_->done) {
      save.done.push_back(std::move(done));
    }
  }
  save_next_ = std::move(save);
}

void Runner::Implementation::start_save(Save save) {
  saving_ = std::move(save);
  storage_.save(saving_->snapshot,
                [this, alive = std::weak_ptr<bool>(alive_)](absl::Status status) {
                  if (!alive.expired()) {
                    turn([this, &status] { on_saved(status); });
                  }
                });
}

void Runner::Implementation::on_saved(const absl::Status& status) {
  if (!saving_.has_value()) {
    return;
  }
  Save save = std::move(*saving_);
  saving_.reset();
  if (phase_ != Phase::kRunning && phase_ != Phase::kStopping) {
    save.snapshot = nullptr;
    give(std::move(save));
    return;
  }
  if (!status.ok() && !absl::IsResourceExhausted(status)) {
    snapshot_waiters_.insert(snapshot_waiters_.end(), std::make_move_iterator(save.done.begin()),
                             std::make_move_iterator(save.done.end()));
    fail(status);
    return;
  }
  if (status.ok()) {
    saved_round_ = save.snapshot->round;
    step(SnapshotSaved{saved_round_});
  }
  // Without it nothing above an installed snapshot is durable, and no older record may go: it is
  // tried until there is space.
  if (!status.ok()) {
    if (!save_next_.has_value()) save_next_ = Save{save.snapshot, {}};
    save_again_ = now_.after(options_.storage_retry);
    give(std::move(save));
    return;
  }
  give(std::move(save));
  save_what_waits();
}

void Runner::Implementation::save_what_waits() {
  save_again_ = Timestamp::max();
  if (save_next_.has_value() && active()) {
    start_save(*std::exchange(save_next_, std::nullopt));
  }
}

void Runner::Implementation::give(Save save) {
  for (auto& done : save.done) {
    runtime_.post([done = std::move(done), snapshot = save.snapshot]() mutable { done(snapshot); });
  }
}

void Runner::Implementation::end_snapshot_waiters() {
  Save save{nullptr, std::exchange(snapshot_waiters_, {})};
  if (save_next_.has_value()) {
    for (auto& done : save_next_->done) {
      save.done.push_back(std::move(done));
    }
    save_next_.reset();
  }
  give(std::move(save));
}

}  // namespace synod
