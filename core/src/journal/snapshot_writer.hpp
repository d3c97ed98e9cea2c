// Saves a snapshot beside the segments, in pieces, so that batches go between them.
#pragma once

#include <memory>

#include <synod/file_system.hpp>
#include <synod/snapshot.hpp>

#include "journal/format.hpp"

namespace synod::journal_format {

// Under a temporary name, synced, then renamed: what bears a snapshot's name is whole. Ends with
// ResourceExhausted, and without the file, where no space can be reserved for it.
void save_snapshot(FileSystem& files, const Owner& owner, SnapshotPtr snapshot,
                   FileSystem::Done done);

}  // namespace synod::journal_format
