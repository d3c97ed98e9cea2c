// One file operation after the other, the next only after the one before succeeded.
#pragma once

#include <vector>

#include <absl/functional/any_invocable.h>

#include <synod/file_system.hpp>

namespace synod::journal_format {

using Step = absl::AnyInvocable<void(FileSystem::Done)>;

// Ends with the first failure, or with success after the last. Keeps itself alive until then.
void run_in_turn(std::vector<Step> steps, FileSystem::Done done);

}  // namespace synod::journal_format
