// Opens a journal: reads what is there, judges it, and makes durable what it gives back.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include <synod/file_system.hpp>
#include <synod/journal.hpp>
#include <synod/storage.hpp>

#include "journal/copies.hpp"
#include "journal/mark_file.hpp"
#include "journal/scan.hpp"
#include "journal/segments.hpp"
#include "journal/steps.hpp"

namespace synod::journal_format {

struct Opened {
  Loaded loaded;
  Tail tail;
};

// Used once. The order of what it does:
//  1. Reads everything. A foreign directory fails here, untouched.
//  2. Damage: renames the segments by ascending sequence, so that what is left after a crash in the
//     midst of it never looks whole; then the snapshots, and the mark last.
//     A copy, that is, a segment which is not the file that it was written to: the same, in an
//     order of its own (copies.hpp).
//  3. Otherwise removes what lies behind the chain: prepared segments and torn ones.
//  4. Unless the last batch is marked and followed by zeros alone, begins a new segment with it:
//  with
//     the last batch again if it may be in the page cache alone (H11b), else with an empty one,
//     which cuts what is torn behind it.
//  5. Writes the mark, and only then (H19) removes what lies before the chain.
class Loader : public std::enable_shared_from_this<Loader> {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<Opened>)>;

  // Fills `segments` with the files that stay, and tells `mark` whether there is one.
  Loader(FileSystem& files, Owner owner, Copies copies, std::shared_ptr<Segments> segments,
         std::shared_ptr<MarkFile> mark, Done done);
  void start();

 private:
  void on_listed(absl::StatusOr<std::vector<std::string>> names);
  Step read_step(std::string name);
  void on_read(const std::string& name, Bytes content);
  void on_segments_read(const absl::Status& status);
  void on_copies_found(absl::StatusOr<std::vector<CopiedFile>> copied);
  void read_snapshot_from(std::size_t next);
  void on_snapshots_read();
  void set_aside(std::string why);
  void rename_all(const std::vector<std::string>& order, const std::string& prefix,
                  std::string why);
  void begin_anew();
  void cut_and_go_on();
  void restart(absl::StatusOr<FreshSegment> fresh);
  void write_mark(const absl::Status& status);
  void clear_up(const absl::Status& status);
  void finish(const absl::Status& status);
  void fail(absl::Status status) { done_(std::move(status)); }

  Step remove_step(std::string name);
  void remove_temporary_files(std::vector<Step>& steps);
  [[nodiscard]] Tail last_tail() const;
  [[nodiscard]] bool last_is_marked() const;
  [[nodiscard]] std::string explanation() const;

  FileSystem* files_;
  Owner owner_;
  Copies copies_;
  std::shared_ptr<Segments> segments_;
  std::shared_ptr<MarkFile> mark_;
  Done done_;

  Scan scan_;
  std::vector<std::string> names_;         // All of them, sorted.
  std::vector<RoundNum> snapshot_rounds_;  // Descending.
  Opened opened_;
  BatchBuffer buffer_;
};

}  // namespace synod::journal_format
