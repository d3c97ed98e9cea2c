#include <synod/journal.hpp>

#include <synod/check.hpp>
#include <synod/probe.hpp>

#include <optional>
#include <set>
#include <utility>

#include "base/mutants.hpp"
#include "journal/loader.hpp"
#include "journal/mark_file.hpp"
#include "journal/segments.hpp"
#include "journal/snapshot_writer.hpp"

namespace synod {

using journal_format::BatchBuffer;
using journal_format::FreshSegment;
using journal_format::Opened;

// What callbacks of the file system hold on to weakly: they find nothing once the Journal is gone.
class Journal::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(FileSystem& files, const JournalOptions& options)
      : files_(files),
        owner_{options.cluster, options.node},
        copies_(options.copies),
        segments_(std::make_shared<journal_format::Segments>(files, options.segment_bytes)),
        mark_(std::make_shared<journal_format::MarkFile>(files)) {
    SYNOD_CHECK(options.segment_bytes >= 4096, "segment_bytes is at least 4096");
  }

  void load(LoadDone done);
  void write(const WriteBatch& batch, WriteDone done);
  void save(SnapshotPtr snapshot, WriteDone done);
  [[nodiscard]] std::uint64_t size() const { return segments_->size(); }
  void close();

 private:
  // Why a mark is written: a new segment, and whether older files go once it is there.
  struct MarkCause {
    bool checkpoint = false;
    RoundNum checkpoint_round;
    std::uint64_t segment = 0;
  };

  void check_batch(const WriteBatch& batch);
  // False only for mutants.
  [[nodiscard]] bool is_synced() const;
  void begin_segment();
  void start_write(const std::string& name, BatchBuffer::Sealed sealed);
  void on_durable(const journal_format::Tail& after);
  void end_write(const absl::Status& status);
  void write_mark(MarkCause cause);
  void remove_old(std::uint64_t first_needed, RoundNum checkpoint_round);
  void later(WriteDone done, absl::Status status);
  void fail(const absl::Status& status);

  // A callback that does nothing once the Journal is gone.
  template <class Work>
  auto guarded(Work work) {
    return [weak = weak_from_this(), work = std::move(work)](auto&& result) mutable {
      if (const auto self = weak.lock()) work(std::forward<decltype(result)>(result));
    };
  }

  FileSystem& files_;
  const journal_format::Owner owner_;
  const Copies copies_;
  std::shared_ptr<journal_format::Segments> segments_;
  std::shared_ptr<journal_format::MarkFile> mark_;
  bool loaded_ = false;
  absl::Status failure_;  // The first; for good.
  journal_format::Tail tail_;
  // The write under way.
  const WriteBatch* batch_ = nullptr;
  WriteDone done_;
  // Shared with the file system, which may need it longer than the Journal lives.
  std::shared_ptr<BatchBuffer> buffer_ = std::make_shared<BatchBuffer>();
  bool marking_ = false;
  std::optional<MarkCause> mark_next_;
  std::set<RoundNum> snapshots_;
};

void Journal::Implementation::load(LoadDone done) {
  auto loader = std::make_shared<journal_format::Loader>(
      files_, owner_, copies_, segments_, mark_,
      guarded([this, done = std::move(done)](absl::StatusOr<Opened> opened) mutable {
        if (!opened.ok()) {
          failure_ = opened.status();
          return done(opened.status());
        }
        loaded_ = true;
        tail_ = opened->tail;
        if (opened->loaded.snapshot != nullptr) snapshots_.insert(opened->loaded.snapshot->round);
        done(std::move(opened->loaded));
      }));
  loader->start();
}

// --- Writing
// --------------------------------------------------------------------------------------

void Journal::Implementation::check_batch(const WriteBatch& batch) {
  SYNOD_CHECK(loaded_ || !failure_.ok(), "load() comes first");
  SYNOD_CHECK(batch_ == nullptr, "one write at a time");
  if (tail_.batch > 0 && !batch.checkpoint) return;
  const auto* identity =
      batch.records.empty() ? nullptr : std::get_if<IdentityRecord>(&batch.records.front());
  SYNOD_CHECK(identity != nullptr, "a memory and a checkpoint begin with the identity");
  SYNOD_CHECK(tail_.batch == 0 || identity->incarnation == tail_.incarnation,
              "a memory keeps its incarnation");
  const bool alone = !batch.checkpoint || batch.checkpoint_round == RoundNum(0);
  SYNOD_CHECK(alone || snapshots_.contains(batch.checkpoint_round),
              "a checkpoint rests on a snapshot that was saved before");
  if (failure_.ok()) tail_.incarnation = identity->incarnation;
}

void Journal::Implementation::write(const WriteBatch& batch, WriteDone done) {
  if (!failure_.ok()) return later(std::move(done), failure_);
  check_batch(batch);
  batch_ = &batch;
  done_ = std::move(done);
  if (buffer_.use_count() > 1) buffer_ = std::make_shared<BatchBuffer>();
  if (const absl::Status encoded = buffer_->encode(batch.records); !encoded.ok()) {
    fail(encoded);
    batch_ = nullptr;
    return later(std::move(done_), encoded);
  }
  const bool room = tail_.segment != 0 && tail_.offset + buffer_->size() <= tail_.segment_bytes;
  const bool fits = room && !SYNOD_BUGGIFY("journal.segment-rolls-early");
  if (batch.checkpoint || !fits) return begin_segment();
  start_write(journal_format::segment_name(tail_.segment), buffer_->seal(tail_, {}));
}

bool Journal::Implementation::is_synced() const {
  return std::ranges::none_of(batch_->records, [this](const Record& record) {
    const auto* promise = std::get_if<PromiseRecord>(&record);
    const bool accepts = std::holds_alternative<AcceptedRecord>(record);
    return (promise != nullptr && SYNOD_MUTANT("skip-sync-promise")) ||
           (promise != nullptr && promise->coord.proposer == owner_.node &&
            SYNOD_MUTANT("skip-sync-own-number")) ||
           (accepts && SYNOD_MUTANT("skip-sync-accept"));
  });
}

void Journal::Implementation::begin_segment() {
  if (batch_->checkpoint && SYNOD_MUTANT("removed-before-checkpoint")) {
    remove_old(tail_.segment + 1, batch_->checkpoint_round);
  }
  segments_->reserve(
      tail_.segment, journal_format::kSegmentHeaderBytes + buffer_->size(),
      guarded([this](const absl::StatusOr<FreshSegment>& fresh) {
        if (!fresh.ok()) {
          if (!absl::IsResourceExhausted(fresh.status())) fail(fresh.status());
          return end_write(fresh.status());
        }
        const journal_format::BatchKind kind{batch_->checkpoint, batch_->checkpoint_round};
        start_write(journal_format::segment_name(fresh->sequence),
                    buffer_->seal_first(owner_, tail_, kind, *fresh));
      }));
}

void Journal::Implementation::start_write(const std::string& name, BatchBuffer::Sealed sealed) {
  auto done = guarded([this, after = sealed.after](absl::Status status) {
    if (status.ok() || SYNOD_MUTANT("sync-failure-ignored")) return on_durable(after);
    // Not even an error that says "no space" is one to try again after: something was written.
    if (absl::IsResourceExhausted(status)) status = absl::UnknownError(status.message());
    fail(status);
    end_write(status);
  });
  files_.write(name, sealed.offset, sealed.bytes, is_synced(),
               [buffer = buffer_, done = std::move(done)](const absl::Status& status) mutable {
                 buffer.reset();  // Free for the next batch, which `done` may start.
                 done(status);
               });
}

void Journal::Implementation::on_durable(const journal_format::Tail& after) {
  const bool new_segment = after.segment != tail_.segment;
  const MarkCause cause{batch_->checkpoint, batch_->checkpoint_round, after.segment};
  tail_ = after;
  end_write(absl::OkStatus());
  // After the answer, so that a write which it starts goes first.
  if (!failure_.ok()) return;
  if (new_segment || SYNOD_BUGGIFY("journal.mark-early")) write_mark(cause);
  // Ahead of time, so that no batch waits for space to be reserved.
  const bool half_full = after.offset > after.segment_bytes / 2;
  if (half_full && !segments_->prepared() && !SYNOD_BUGGIFY("journal.segment-not-prepared")) {
    segments_->prepare(after.segment);
  }
}

void Journal::Implementation::end_write(const absl::Status& status) {
  batch_ = nullptr;
  WriteDone done = std::move(done_);
  done(status);
}

// The mark says that the segment's first batch is durable; only after it may older files go.
void Journal::Implementation::write_mark(MarkCause cause) {
  if (marking_) {
    // A checkpoint that waits is not forgotten for a segment that comes after it.
    SYNOD_MARK("journal.mark-waits-for-a-mark");
    if (!mark_next_.has_value() || cause.checkpoint) mark_next_ = cause;
    return;
  }
  marking_ = true;
  mark_->write({owner_, tail_.incarnation, tail_.batch, tail_.segment, tail_.checksum},
               guarded([this, cause](const absl::Status& status) {
                 marking_ = false;
                 if (!status.ok()) return fail(status);
                 if (mark_->exists()) {
                   segments_->add_file(std::string(journal_format::kMarkName),
                                       journal_format::kMarkFileBytes);
                 }
                 if (cause.checkpoint) remove_old(cause.segment, cause.checkpoint_round);
                 if (mark_next_.has_value()) write_mark(*std::exchange(mark_next_, std::nullopt));
               }));
}

void Journal::Implementation::remove_old(std::uint64_t first_needed, RoundNum checkpoint_round) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : segments_->files()) {
    const auto sequence = journal_format::segment_sequence(name);
    const auto round = journal_format::snapshot_round(name);
    if (sequence.has_value() && *sequence < first_needed) names.push_back(name);
    if (round.has_value() && *round < checkpoint_round) names.push_back(name);
  }
  for (const std::string& name : names) {
    if (const auto round = journal_format::snapshot_round(name)) snapshots_.erase(*round);
    SYNOD_MARK("journal.removes-what-a-checkpoint-replaced");
    segments_->remove_file(name);
    // What cannot be removed now is removed by the next start.
    files_.remove(name, [](const absl::Status& /*status*/) {});
  }
}

// --- The rest
// -------------------------------------------------------------------------------------

void Journal::Implementation::save(SnapshotPtr snapshot, WriteDone done) {
  SYNOD_CHECK(snapshot != nullptr, "a snapshot to save");
  if (!failure_.ok()) return later(std::move(done), failure_);
  SYNOD_CHECK(loaded_, "load() comes first");
  const RoundNum round = snapshot->round;
  const std::uint64_t bytes = journal_format::kHeaderBytes + snapshot->bytes.size();
  journal_format::save_snapshot(
      files_, owner_, std::move(snapshot),
      guarded([this, round, bytes, done = std::move(done)](const absl::Status& status) mutable {
        if (!status.ok()) {
          if (!absl::IsResourceExhausted(status)) fail(status);
          return done(status);
        }
        snapshots_.insert(round);
        segments_->add_file(journal_format::snapshot_name(round), bytes);
        done(status);
      }));
}

// Answers on a later turn, with the help of an operation that changes nothing.
void Journal::Implementation::later(WriteDone done, absl::Status status) {
  files_.list(guarded(
      [done = std::move(done), status = std::move(status)](
          const absl::StatusOr<std::vector<std::string>>& /*names*/) mutable { done(status); }));
}

void Journal::Implementation::fail(const absl::Status& status) {
  if (failure_.ok()) failure_ = status;
}

void Journal::Implementation::close() {
  const bool idle = batch_ == nullptr && !marking_ && failure_.ok() && loaded_;
  if (!idle || tail_.batch == 0) return;
  mark_->write({owner_, tail_.incarnation, tail_.batch, tail_.segment, tail_.checksum},
               [](const absl::Status& /*status*/) {});
}

Journal::Journal(FileSystem& files, JournalOptions options)
    : implementation_(std::make_shared<Implementation>(files, options)) {}

Journal::~Journal() { implementation_->close(); }

void Journal::load(LoadDone done) { implementation_->load(std::move(done)); }

WriteStart Journal::write(const WriteBatch& batch, WriteDone done) {
  implementation_->write(batch, std::move(done));
  return WriteStart::kPending;
}

void Journal::save(SnapshotPtr snapshot, WriteDone done) {
  implementation_->save(std::move(snapshot), std::move(done));
}

std::uint64_t Journal::size() const { return implementation_->size(); }

}  // namespace synod
