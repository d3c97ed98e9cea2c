// Taking a copy of a journal for what it was copied from, because a person vouches for it.
//
// Nothing in a copy says whether its original went on. Whoever adopts it says so: that the node did
// not run since the copy was made, neither from the original nor with an empty directory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include <synod/file_system.hpp>

#include "journal/copies.hpp"
#include "journal/format.hpp"

namespace synod::journal_format {

enum class AdoptionMode : std::uint8_t { kLook, kAdopt };

struct Adoption {
  Owner owner;
  Incarnation incarnation;
  std::uint64_t last_batch = 0;
  // The segments that are, or were, copies; empty where there is nothing to adopt.
  std::vector<CopiedFile> copied;
  // A start has set the copy aside and begun a new memory, which has never voted and goes.
  bool brings_back = false;
};

// Takes the directory's lock, checks, and with kAdopt names in every segment the file that it lies
// in now. Interrupted, it leaves a copy or a damaged journal, and can be run again.
//
// FailedPrecondition: in use, or of another version, or a memory that may have voted is in the
// place of the copy. DataLoss: the copy is not whole. NotFound: there is no journal. Then nothing
// is changed. `files` must outlive it.
void adopt(FileSystem& files, AdoptionMode mode,
           absl::AnyInvocable<void(absl::StatusOr<Adoption>)> done);

}  // namespace synod::journal_format
