// The file that says how far the syncs got, for a batch that no other follows.
#pragma once

#include <memory>

#include <synod/file_system.hpp>

#include "journal/format.hpp"

namespace synod::journal_format {

// Two slots in turn, so that a torn write leaves the mark before. Always with a sync. Where there is
// no space for the file the mark is left out: it narrows what H12 leaves open and nothing rests on it.
class MarkFile {
 public:
  // `files` must outlive it.
  explicit MarkFile(FileSystem& files) : files_(&files) {}

  // The file is there, and the newest mark is in `slot`.
  void found(std::size_t slot) {
    *exists_ = true;
    slot_ = slot;
  }
  void forget() { *exists_ = false; }
  [[nodiscard]] bool exists() const { return *exists_; }
  // At most one at a time. The mark outlives this object.
  void write(const Mark& mark, FileSystem::Done done);

 private:
  FileSystem* files_;
  std::shared_ptr<bool> exists_ = std::make_shared<bool>(false);
  std::size_t slot_ = 1;
};

}  // namespace synod::journal_format
