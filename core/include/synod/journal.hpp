// File: journal.hpp
//
// The durable Storage: numbered segments of checksummed, chained batches, over a FileSystem. It has
// no thread and no clock; whatever waits, waits for the file system's completions.
//
// One batch is one write and one sync, and batch k+1 is written only after batch k is synced. Hence a
// sound header of batch k+1 proves that k was durable: the header is the mark of how far the syncs
// got, at no cost. The file `mark` says it for a last batch, which no header follows; it is written
// with a sync of its own on opening, on going to a new segment and on closing, never per batch. So
// (H12) a bad batch at or below that mark, or before the header of a later one, is damage, and any
// other bad batch is the torn end of something that nobody was told of. What remains: rot in a last
// batch, synced but not yet marked, looks like a torn one. A node's next batch ends that state.
//
// docs/formats/journal.md shows the files byte by byte; docs/how-to/storage.md says how to use it.
#pragma once

#include <cstdint>
#include <memory>

#include <synod/file_system.hpp>
#include <synod/storage.hpp>
#include <synod/types.hpp>

namespace synod {

// What a start thinks of segments that are not the files that they were written to: a copy, by cp, by
// rsync, or of a backup that was put back. What the node did since may be missing in it (H25).
enum class Copies : std::uint8_t {
  kMayBeOld,  // It begins a new memory, as after damage.
  kTrusted,   // It does not look. For file systems that tell of one file another thing each time.
};

struct JournalOptions {
  // Whose journal it is. One that was written by another node or in another cluster is refused.
  ClusterId cluster = {};
  NodeId node = {};
  // Space reserved at a time; a batch that is larger gets a segment of its own size. At least 4096.
  std::uint64_t segment_bytes = 16u << 20;
  Copies copies = Copies::kMayBeOld;
};

// Called on the node's thread. Requires: no other FileSystem user in the same directory.
//
// load(): FailedPrecondition where another process, node or cluster owns the directory or where a
// newer version wrote it: nothing is touched. Damage is no error: everything is renamed to
// `damaged-<n>-<name>`, and stays damaged until the first write. A copy counts as damaged, and is
// renamed to `copied-<incarnation>-<name>`; `synod-journal adopt` brings it back where it is known to
// be the latest. A read that fails is an error.
//
// write(): ResourceExhausted only where a new segment could not be reserved. Any other failure is for
// good: every later write and save fails with it.
class Journal final : public Storage {
 public:
  // `files` must outlive the journal.
  Journal(FileSystem& files, JournalOptions options);
  // Queues the mark of the last batch, if no write is under way. Completions still owed never come.
  ~Journal() override;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  void load(LoadDone done) override;
  // Requires: the first record of all, and of each checkpoint, is an IdentityRecord, and a
  // checkpoint's snapshot has been saved.
  [[nodiscard]] WriteStart write(const WriteBatch& batch, WriteDone done) override;
  void save(SnapshotPtr snapshot, WriteDone done) override;
  [[nodiscard]] std::uint64_t size() const override;

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace synod
