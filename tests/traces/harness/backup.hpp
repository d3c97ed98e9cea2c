// A backup of a node's disk, in the journal's own files: what a start thinks of it is the journal's
// word, not the story's.
#pragma once

#include <vector>

#include <synod/record.hpp>
#include <synod/simulation/simulated_disk.hpp>
#include <synod/snapshot.hpp>
#include <synod/storage.hpp>

namespace synod::traces {

// How it comes back: as new files with the old content, or, with the whole volume, as the old
// files.
enum class Return { kCopy, kVolume };

class Backup {
 public:
  // `records` begin with the identity; `snapshot` may be null.
  Backup(const std::vector<Record>& records, SnapshotPtr snapshot);
  [[nodiscard]] Loaded load(Return how) const;

 private:
  SimulatedDisk::Volume volume_;
};

}  // namespace synod::traces
