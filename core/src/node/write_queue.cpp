#include "node/write_queue.hpp"

#include <algorithm>
#include <utility>

#include <synod/check.hpp>
#include <synod/probe.hpp>

namespace synod {

bool holds_entry(const Record& record) {
  return std::holds_alternative<AcceptedRecord>(record) ||
         std::holds_alternative<CommittedRecord>(record);
}

QueuedBatch& WriteQueue::add_batch() {
  std::shared_ptr<QueuedBatch> batch = std::move(spare_);
  spare_ = nullptr;
  // A storage may still hold the completion, and with it the batch: then it is not reused.
  if (batch == nullptr || batch.use_count() > 1) {
    batch = std::make_shared<QueuedBatch>();
  }
  std::vector<Record> buffer = std::move(batch->batch.records);
  buffer.clear();
  *batch = QueuedBatch{};
  batch->batch.records = std::move(buffer);
  batch->ordinal = ++last_ordinal_;
  pending_.push_back(std::move(batch));
  return *pending_.back();
}

QueuedBatch& WriteQueue::open_batch() {
  return pending_.empty() || pending_.back()->batch.checkpoint ? add_batch() : *pending_.back();
}

void WriteQueue::add(QueuedBatch& batch, std::vector<Record>& records) const {
  for (Record& record : records) {
    const std::size_t size = size_of(record);
    batch.bytes += size;
    if (holds_entry(record)) batch.entry_bytes += size;
    batch.batch.records.push_back(std::move(record));
  }
  records.clear();
}

void WriteQueue::gather(Output& output, std::vector<Outgoing>& leaving) {
  // Lazy records and records of one output share its number: never part them.
  const bool records = !output.records.empty() || !output.lazy_records.empty();
  const bool joins = output.checkpoint || pending_.empty() || !records;
  if (!joins && SYNOD_BUGGIFY("write-queue.batch-not-joined")) add_batch();
  if (!output.lazy_records.empty()) {
    QueuedBatch& batch = open_batch();
    add(batch, output.lazy_records);
    batch.write_by = std::min(batch.write_by, output.write_lazy_by);
    // The number of a checkpoint's output is said by the checkpoint, which comes after these.
    batch.sequence = output.checkpoint ? batch.sequence : output.sequence;
    const bool enough = batch.bytes >= lazy_bytes_max_;
    if (enough) SYNOD_MARK("write-queue.lazy-bytes-reach-their-bound");
    batch.wanted = batch.wanted || enough;
  }
  if (!output.records.empty() || output.checkpoint) {
    if (output.checkpoint && !idle()) SYNOD_MARK("write-queue.checkpoint-behind-a-write");
    QueuedBatch& batch = output.checkpoint ? add_batch() : open_batch();
    add(batch, output.records);
    batch.sequence = output.sequence;
    batch.batch.checkpoint = output.checkpoint;
    batch.batch.checkpoint_round = output.checkpoint_round;
    want_all();
  }
  if (output.after_records.empty()) {
    return;
  }
  const bool durable = idle();
  for (Outgoing& outgoing : output.after_records) {
    if (durable) {
      leaving.push_back(std::move(outgoing));
    } else {
      held_.push_back({last_ordinal_, std::move(outgoing)});
    }
  }
  output.after_records.clear();
  want_all();
}

std::shared_ptr<const QueuedBatch> WriteQueue::begin(Timestamp now) {
  if (in_flight_ != nullptr || pending_.empty()) {
    return nullptr;
  }
  const QueuedBatch& next = *pending_.front();
  if (!next.wanted && next.write_by > now) {
    return nullptr;
  }
  in_flight_ = std::move(pending_.front());
  pending_.pop_front();
  return in_flight_;
}

void WriteQueue::written(std::vector<Outgoing>& leaving) {
  SYNOD_CHECK(in_flight_ != nullptr, "Only a write that was begun can end.");
  while (!held_.empty() && held_.front().ordinal <= in_flight_->ordinal) {
    leaving.push_back(std::move(held_.front().outgoing));
    held_.pop_front();
  }
  spare_ = std::move(in_flight_);
  in_flight_ = nullptr;
}

void WriteQueue::want_all() {
  for (const std::shared_ptr<QueuedBatch>& batch : pending_) {
    batch->wanted = true;
  }
}

Timestamp WriteQueue::deadline() const {
  return in_flight_ != nullptr || pending_.empty() ? Timestamp::max() : pending_.front()->write_by;
}

}  // namespace synod
