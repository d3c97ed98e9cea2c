// What the files of a journal say: the batches that follow from each other, and how much more there
// must have been. Shared by loading and by the command that verifies.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <synod/record.hpp>
#include <synod/snapshot.hpp>

#include "journal/format.hpp"

namespace synod::journal_format {

// Something in a file that is not as it was written, or not of this chain.
struct Problem {
  std::string file;
  std::uint64_t offset = 0;
  std::string what;
};

// One batch of the chain, and where it lies.
struct ScannedBatch {
  BatchHeader header;
  std::uint64_t end = 0;          // In its segment; where the next would start.
  std::size_t records_begin = 0;  // In records(), as is the next.
  std::size_t records_end = 0;
};

// Fed with the mark, then with the segments by ascending sequence. The chain is the whole truth
// about what belongs together:
//  - A segment whose first batch is a sound checkpoint needs nothing before it.
//  - Any other segment goes on behind the batch that its header names, wherever that is: batches
//    behind that one were cut, or written again by the start that made the segment (H11b).
//  - Every sound header of a batch, or of a segment, proves that the batch before it was synced,
//  and
//    what its checksum was.
// If the chain does not hold what was proven synced, something that may have been acknowledged is
// lost; if it does, whatever is bad behind it is the torn end of something that was not.
class Scan {
 public:
  explicit Scan(Owner owner) : owner_(owner) {}

  void add_mark(std::span<const std::byte> content);
  void add_segment(std::uint64_t sequence, std::span<const std::byte> content);

  // FailedPrecondition: the directory is another's, or of a newer version.
  [[nodiscard]] const absl::Status& status() const { return status_; }
  [[nodiscard]] bool empty() const { return batches_.empty(); }
  [[nodiscard]] bool damaged() const;
  [[nodiscard]] std::uint64_t last() const { return empty() ? 0 : batches_.back().header.number; }
  // The highest batch that is proven to have been durable.
  [[nodiscard]] std::uint64_t synced() const { return synced_; }
  // The last batch is proven durable as it is written where the chain holds it: an earlier writing of
  // it proves that nothing is lost, not that this one is more than cached. Requires: not empty.
  [[nodiscard]] bool last_is_proven() const;
  // What the mark alone says.
  [[nodiscard]] const Mark& mark() const { return mark_; }
  [[nodiscard]] std::size_t mark_slot() const { return mark_slot_; }
  [[nodiscard]] Incarnation incarnation() const { return incarnation_; }
  // The checkpoint that the chain starts from; 0 where it needs no snapshot.
  [[nodiscard]] RoundNum checkpoint_round() const;
  // The chain, in order. Empty exactly if nothing usable was found.
  [[nodiscard]] const std::vector<ScannedBatch>& batches() const { return batches_; }
  [[nodiscard]] std::vector<Record>& records() { return records_; }
  [[nodiscard]] const std::vector<Problem>& problems() const { return problems_; }
  // The last segment of the chain holds nothing but zeros behind its last batch.
  [[nodiscard]] bool clean_end() const { return clean_end_; }
  // The segments of the chain, by name, and the files that they were written to.
  [[nodiscard]] std::map<std::string, FileIdentity> files() const;

 private:
  // A batch that was durable, as something else says.
  struct Proof {
    std::uint64_t number = 0;
    std::uint32_t checksum = 0;
    friend bool operator==(const Proof&, const Proof&) = default;
  };

  std::string read_batch(std::span<const std::byte> content, std::uint64_t offset,
                         const SegmentHeader& segment, BatchHeader& header,
                         std::vector<Record>& records);
  std::string begin(const SegmentHeader& segment, const BatchHeader& first,
                    const std::vector<Record>& records);
  // Moves the records away.
  void take(const BatchHeader& header, std::span<Record> records);
  // A segment begins with `again`, which the chain may hold already: whether it is the same.
  void compare_writings(const BatchHeader& again);
  std::uint64_t take_following(const SegmentHeader& segment, std::span<const std::byte> content);
  void search(std::uint64_t sequence, std::span<const std::byte> content, std::uint64_t from);
  void prove(std::uint64_t number, std::uint32_t checksum);
  [[nodiscard]] bool holds(const Proof& proof) const;
  void problem(std::uint64_t sequence, std::uint64_t offset, std::string what);

  Owner owner_;
  absl::Status status_;
  Incarnation incarnation_;
  std::uint64_t synced_ = 0;
  std::vector<Proof> proofs_;
  std::vector<Proof> written_again_;  // Of batches that the chain holds in another writing.
  Mark mark_;
  std::size_t mark_slot_ = 0;
  bool clean_end_ = false;
  std::map<std::uint64_t, FileIdentity> files_;  // By sequence; also of segments not in the chain.
  std::vector<ScannedBatch> batches_;
  std::vector<Record> records_;
  std::vector<Problem> problems_;
};

// The snapshot in a file. DataLoss where it does not verify, FailedPrecondition where it is
// another's or of a newer version.
absl::StatusOr<SnapshotPtr> read_snapshot(const Owner& owner, RoundNum round, Bytes content);

}  // namespace synod::journal_format
