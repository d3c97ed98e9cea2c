// Counts what operator new gives out in this process, for figures per entry.
#pragma once

#include <cstdint>

namespace synod::bench {

// So far. The count is not an atomic addition, which would cost what it measures: where two threads
// allocate at the same moment it may miss one.
[[nodiscard]] std::uint64_t allocations();

}  // namespace synod::bench
