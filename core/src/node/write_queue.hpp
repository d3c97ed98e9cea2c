// File: write_queue.hpp
//
// Where the one rule is kept: what is written, in which order, and which messages wait for it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include <synod/replica.hpp>
#include <synod/storage.hpp>

namespace synod {

struct QueuedBatch {
  WriteBatch batch;
  std::uint64_t ordinal = 0;     // Counts batches.
  std::uint64_t sequence = 0;    // What Written says once it is durable.
  std::uint64_t bytes = 0;
  std::uint64_t entry_bytes = 0; // Of acceptances and learned entries.
  bool wanted = false;           // Somebody waits for it.
  Timestamp write_by = Timestamp::max();
};

// An acceptance or a learned entry: what a snapshot makes superfluous.
[[nodiscard]] bool holds_entry(const Record& record);

// Gathers the records of outputs into batches. One batch is written at a time; what gathers while it
// runs is the next one, so that many turns share one sync. A checkpoint is a batch of its own.
//
// Invariant: a message of Output::after_records is let go only when every record that was handed out
// before it, or with it, is durable.
class WriteQueue {
 public:
  explicit WriteQueue(std::uint64_t lazy_bytes_max) : lazy_bytes_max_(lazy_bytes_max) {}

  // Takes records and after_records out of `output`. What need not wait is added to `leaving`.
  void gather(Output& output, std::vector<Outgoing>& leaving);
  // The batch to be written next, or null where nothing is due or a write is under way. It stays the
  // same, unchanged, until written().
  [[nodiscard]] std::shared_ptr<const QueuedBatch> begin(Timestamp now);
  // The batch under way is durable: messages that waited for it are added to `leaving`.
  void written(std::vector<Outgoing>& leaving);
  // From now on somebody waits for everything.
  void want_all();

  [[nodiscard]] const std::shared_ptr<QueuedBatch>& in_flight() const { return in_flight_; }
  [[nodiscard]] bool idle() const { return in_flight_ == nullptr && pending_.empty(); }
  // When a batch that nobody waits for is due.
  [[nodiscard]] Timestamp deadline() const;

 private:
  struct Held {
    std::uint64_t ordinal;
    Outgoing outgoing;
  };

  QueuedBatch& open_batch();
  QueuedBatch& add_batch();
  void add(QueuedBatch& batch, std::vector<Record>& records) const;

  std::uint64_t lazy_bytes_max_;
  std::deque<std::shared_ptr<QueuedBatch>> pending_;
  std::shared_ptr<QueuedBatch> in_flight_;
  std::shared_ptr<QueuedBatch> spare_;  // Kept for its buffers.
  std::uint64_t last_ordinal_ = 0;
  std::deque<Held> held_;               // By ascending ordinal.
};

}  // namespace synod
