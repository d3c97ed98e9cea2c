// Copies of a journal: segments that are not the files that they were written to.
//
// A backup that is put back is sound in itself and says of no vote that it cast since. But it lies
// in new files, and a segment's header names the file that it was written to. Snapshots need no
// such name: they hold nothing but what is settled, and which of them is needed, the segments say.
// Nor does the mark: an older one proves less, and never too much.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include <synod/file_system.hpp>

#include "journal/format.hpp"

namespace synod::journal_format {

struct CopiedFile {
  std::string name;
  FileIdentity written;  // As its header says.
  FileIdentity found;
};

// Those of `written` that are other files by now. May answer inside the call where there are none
// to look at. `files` must outlive it.
void find_copies(FileSystem& files, const std::map<std::string, FileIdentity>& written,
                 absl::AnyInvocable<void(absl::StatusOr<std::vector<CopiedFile>>)> done);

// Those of `names` that make up a journal: the mark, the snapshots, and the segments, the last of
// them first. What is left after any part of them is gone still is a journal, and still a copy; so
// a start that comes upon it goes on where the one before was interrupted.
[[nodiscard]] std::vector<std::string> order_of_a_copy(const std::vector<std::string>& names);

// For a person: what was found, and what to do where the copy is the latest.
[[nodiscard]] std::string explain_copy(const Owner& owner, const std::vector<CopiedFile>& copied);

}  // namespace synod::journal_format
