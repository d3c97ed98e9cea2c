#include "journal/loader.hpp"

#include <synod/check.hpp>
#include <synod/probe.hpp>
#include "base/mutants.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace synod::journal_format {

Loader::Loader(FileSystem& files, Owner owner, Copies copies, std::shared_ptr<Segments> segments,
               std::shared_ptr<MarkFile> mark, Done done)
    : files_(&files),
      owner_(owner),
      copies_(copies),
      segments_(std::move(segments)),
      mark_(std::move(mark)),
      done_(std::move(done)),
      scan_(owner) {}

// --- Reading
// --------------------------------------------------------------------------------------

void Loader::start() {
  files_->lock([self = shared_from_this()](absl::Status status) {
    if (!status.ok()) return self->fail(std::move(status));
    self->files_->list([self](absl::StatusOr<std::vector<std::string>> names) {
      self->on_listed(std::move(names));
    });
  });
}

void Loader::on_listed(absl::StatusOr<std::vector<std::string>> names) {
  if (!names.ok()) return fail(names.status());
  names_ = *std::move(names);
  // Names hold fixed-width numbers, so their order is that of the numbers.
  std::ranges::sort(names_);
  std::vector<Step> steps;
  if (std::ranges::binary_search(names_, kMarkName)) {
    steps.push_back(read_step(std::string(kMarkName)));
  }
  for (const std::string& name : names_) {
    if (segment_sequence(name).has_value()) steps.push_back(read_step(name));
    if (const auto round = snapshot_round(name)) snapshot_rounds_.push_back(*round);
  }
  std::ranges::reverse(snapshot_rounds_);
  run_in_turn(std::move(steps), [self = shared_from_this()](const absl::Status& status) {
    self->on_segments_read(status);
  });
}

Step Loader::read_step(std::string name) {
  return [self = shared_from_this(), name = std::move(name)](FileSystem::Done next) {
    self->files_->read(name,
                       [self, name, next = std::move(next)](absl::StatusOr<Bytes> content) mutable {
                         if (!content.ok()) return next(content.status());
                         self->on_read(name, *std::move(content));
                         next(self->scan_.status());
                       });
  };
}

void Loader::on_read(const std::string& name, Bytes content) {
  segments_->add_file(name, content.size());
  if (const auto sequence = segment_sequence(name)) {
    scan_.add_segment(*sequence, content);
  } else {
    scan_.add_mark(content);
    mark_->found(scan_.mark_slot());
  }
}

void Loader::on_segments_read(const absl::Status& status) {
  if (!status.ok()) return fail(status);
  if (scan_.damaged()) return set_aside(explanation());
  if (scan_.empty()) return begin_anew();
  if (copies_ == Copies::kTrusted) return read_snapshot_from(0);
  find_copies(*files_, scan_.files(),
              [self = shared_from_this()](absl::StatusOr<std::vector<CopiedFile>> copied) {
                self->on_copies_found(std::move(copied));
              });
}

// Before the snapshots: what is left of a copy that was set aside in part has none.
void Loader::on_copies_found(absl::StatusOr<std::vector<CopiedFile>> copied) {
  if (!copied.ok()) return fail(copied.status());
  if (copied->empty() || SYNOD_MUTANT("copy-is-the-original")) return read_snapshot_from(0);
  SYNOD_MARK("journal.sets-a-copy-aside");
  rename_all(order_of_a_copy(names_), copied_prefix(scan_.incarnation()),
             explain_copy(owner_, *copied));
}

// The newest sound one that is not older than what the records need.
void Loader::read_snapshot_from(std::size_t next) {
  if (next == snapshot_rounds_.size() || snapshot_rounds_[next] < scan_.checkpoint_round()) {
    return on_snapshots_read();
  }
  const RoundNum round = snapshot_rounds_[next];
  files_->read(snapshot_name(round),
               [self = shared_from_this(), round, next](absl::StatusOr<Bytes> content) {
                 if (!content.ok()) return self->fail(content.status());
                 auto snapshot = read_snapshot(self->owner_, round, *std::move(content));
                 if (absl::IsFailedPrecondition(snapshot.status()))
                   return self->fail(snapshot.status());
                 if (!snapshot.ok()) {
                   SYNOD_MARK("journal.takes-an-older-snapshot");
                   return self->read_snapshot_from(next + 1);
                 }
                 self->opened_.loaded.snapshot = *std::move(snapshot);
                 self->on_snapshots_read();
               });
}

void Loader::on_snapshots_read() {
  const RoundNum needed = scan_.checkpoint_round();
  if (needed > RoundNum(0) && opened_.loaded.snapshot == nullptr) {
    return set_aside(snapshot_name(needed) + ", which the records need, is missing or damaged");
  }
  opened_.loaded.memory = MemoryKind::kIntact;
  cut_and_go_on();
}

std::string Loader::explanation() const {
  std::string text = "batches up to " + std::to_string(scan_.synced()) +
                     " were durable, and only those up to " + std::to_string(scan_.last()) +
                     " are sound";
  for (const Problem& problem : scan_.problems()) {
    text +=
        "; " + problem.file + ", offset " + std::to_string(problem.offset) + ": " + problem.what;
  }
  return text;
}

// --- Damaged or absent
// ----------------------------------------------------------------------------

void Loader::set_aside(std::string why) {
  SYNOD_MARK("journal.sets-damage-aside");
  std::uint64_t number = 1;
  for (const std::string& name : names_) {
    if (!name.starts_with(kDamagedPrefix)) continue;
    std::uint64_t taken = 0;
    std::from_chars(name.data() + kDamagedPrefix.size(), name.data() + name.size(), taken);
    number = std::max(number, taken + 1);
  }
  std::vector<std::string> order;
  for (const std::string& name : names_) {
    if (segment_sequence(name).has_value()) order.push_back(name);
  }
  for (const std::string& name : names_) {
    if (snapshot_round(name).has_value()) order.push_back(name);
  }
  if (std::ranges::binary_search(names_, kMarkName)) order.emplace_back(kMarkName);
  rename_all(order, std::string(kDamagedPrefix) + std::to_string(number) + "-", std::move(why));
}

void Loader::rename_all(const std::vector<std::string>& order, const std::string& prefix,
                        std::string why) {
  std::vector<Step> steps;
  for (const std::string& name : order) {
    steps.push_back([self = shared_from_this(), name, prefix](FileSystem::Done next) {
      self->segments_->remove_file(name);
      self->files_->rename(name, prefix + name, std::move(next));
    });
  }
  remove_temporary_files(steps);
  mark_->forget();
  opened_.loaded = Loaded{};
  opened_.loaded.memory = MemoryKind::kDamaged;
  opened_.loaded.detail = std::move(why) + "; set aside as " + prefix + "*";
  run_in_turn(std::move(steps),
              [self = shared_from_this()](const absl::Status& status) { self->finish(status); });
}

// Nothing was ever acknowledged under these names. What was set aside before still counts as lost
// until a new memory is begun.
void Loader::begin_anew() {
  const bool lost = std::ranges::any_of(names_, [](const std::string& name) {
    return name.starts_with(kDamagedPrefix) || name.starts_with(kCopiedPrefix) ||
           snapshot_round(name).has_value();
  });
  if (lost) {
    return set_aside("an earlier start found damage, or a copy, and nothing was written since");
  }
  std::vector<Step> steps;
  for (const std::string& name : names_) {
    if (segment_sequence(name).has_value()) steps.push_back(remove_step(name));
  }
  remove_temporary_files(steps);
  run_in_turn(std::move(steps),
              [self = shared_from_this()](const absl::Status& status) { self->finish(status); });
}

// What a crash left of a snapshot would be in the way of the next one of that round.
void Loader::remove_temporary_files(std::vector<Step>& steps) {
  for (const std::string& name : names_) {
    const bool ours = !name.starts_with(kDamagedPrefix) && name.ends_with(kTemporarySuffix);
    if (ours) steps.push_back(remove_step(name));
  }
}

// --- Intact
// ---------------------------------------------------------------------------------------

Step Loader::remove_step(std::string name) {
  return [self = shared_from_this(), name = std::move(name)](FileSystem::Done next) {
    self->segments_->remove_file(name);
    self->files_->remove(name, std::move(next));
  };
}

// As it is written now: what was marked before it was written again may be removed.
bool Loader::last_is_marked() const {
  return scan_.mark().number == scan_.last() &&
         scan_.mark().checksum == scan_.batches().back().header.checksum;
}

Tail Loader::last_tail() const {
  const ScannedBatch& last = scan_.batches().back();
  Tail tail;
  tail.incarnation = scan_.incarnation();
  tail.batch = last.header.number;
  tail.checksum = last.header.checksum;
  tail.segment = last.header.segment;
  tail.segment_bytes = segments_->files().at(segment_name(last.header.segment));
  tail.offset = last.end;
  return tail;
}

void Loader::cut_and_go_on() {
  opened_.tail = last_tail();
  std::vector<Step> steps;
  for (const std::string& name : names_) {
    const auto sequence = segment_sequence(name);
    if (!sequence.has_value() || *sequence <= opened_.tail.segment) continue;
    SYNOD_MARK("journal.removes-a-segment-behind-the-chain");
    steps.push_back(remove_step(name));
  }
  run_in_turn(std::move(steps), [self = shared_from_this()](const absl::Status& status) {
    if (!status.ok()) return self->fail(status);
    const bool marked = self->last_is_marked() || SYNOD_MUTANT("no-rewrite-at-start");
    const bool clean = self->scan_.clean_end() && !SYNOD_BUGGIFY("journal.start-rewrites-anyway");
    if (marked && clean) {
      SYNOD_MARK("journal.goes-on-in-its-last-segment");
      // The mark may have been read from the cache of a process that was killed: before anything is
      // removed that an earlier mark names, it is written again (H11b).
      return self->write_mark(status);
    }
    if (!self->scan_.clean_end()) SYNOD_MARK("journal.cuts-a-torn-tail");
    Tail& tail = self->opened_.tail;
    const ScannedBatch& last = self->scan_.batches().back();
    std::span<const Record> records;
    if (!self->scan_.last_is_proven()) {
      SYNOD_MARK("journal.writes-the-last-batch-again");
      records = std::span<const Record>(self->scan_.records())
                    .subspan(last.records_begin, last.records_end - last.records_begin);
      tail.batch = last.header.number - 1;
      tail.checksum = last.header.chain;
    }
    const absl::Status encoded = self->buffer_.encode(records);
    if (!encoded.ok()) return self->fail(encoded);
    self->segments_->reserve(tail.segment, kSegmentHeaderBytes + self->buffer_.size(),
                             [self](absl::StatusOr<FreshSegment> fresh) { self->restart(fresh); });
  });
}

void Loader::restart(absl::StatusOr<FreshSegment> fresh) {
  if (!fresh.ok()) return fail(fresh.status());
  const BatchHeader& last = scan_.batches().back().header;
  const bool again = opened_.tail.batch < last.number;
  const BatchKind kind = again ? BatchKind{last.checkpoint, last.checkpoint_round} : BatchKind{};
  const BatchBuffer::Sealed sealed = buffer_.seal_first(owner_, opened_.tail, kind, *fresh);
  opened_.tail = sealed.after;
  files_->write(
      segment_name(fresh->sequence), 0, sealed.bytes, true,
      [self = shared_from_this()](const absl::Status& status) { self->write_mark(status); });
}

void Loader::write_mark(const absl::Status& status) {
  if (!status.ok()) return fail(status);
  const Tail& tail = opened_.tail;
  mark_->write(Mark{owner_, tail.incarnation, tail.batch, tail.segment, tail.checksum},
               [self = shared_from_this()](const absl::Status& result) { self->clear_up(result); });
}

// Removes what the chain does not need, once the chain is durable.
void Loader::clear_up(const absl::Status& status) {
  if (!status.ok()) return fail(status);
  if (mark_->exists()) segments_->add_file(std::string(kMarkName), kMarkFileBytes);
  std::set<std::string> needed;
  std::uint64_t named = 0;  // Batches lie together, and a segment is named once.
  for (const ScannedBatch& batch : scan_.batches()) {
    if (batch.header.segment != named) needed.insert(segment_name(batch.header.segment));
    named = batch.header.segment;
  }
  const SnapshotPtr& snapshot = opened_.loaded.snapshot;
  std::vector<Step> steps;
  if (snapshot != nullptr) {
    const std::string name = snapshot_name(snapshot->round);
    needed.insert(name);
    segments_->add_file(name, kHeaderBytes + snapshot->bytes.size());
    // Its content was synced before it got its name; the name itself may not be durable yet.
    steps.push_back([self = shared_from_this(), name](FileSystem::Done next) {
      self->files_->rename(name, name, std::move(next));
    });
  }
  for (const std::string& name : names_) {
    const auto sequence = segment_sequence(name);
    const bool old = sequence.has_value() && *sequence <= scan_.batches().back().header.segment;
    const bool ours = old || snapshot_round(name).has_value() || name.ends_with(kTemporarySuffix);
    if (ours && !needed.contains(name)) steps.push_back(remove_step(name));
  }
  run_in_turn(std::move(steps),
              [self = shared_from_this()](const absl::Status& result) { self->finish(result); });
}

void Loader::finish(const absl::Status& status) {
  if (!status.ok()) return fail(status);
  if (opened_.loaded.memory == MemoryKind::kIntact) {
    opened_.loaded.records = std::move(scan_.records());
    SYNOD_CHECK(!opened_.loaded.records.empty(), "an intact journal begins with an identity");
  }
  done_(std::move(opened_));
}

}  // namespace synod::journal_format
