// Counts what operator new gives out while a count is alive.
#pragma once

#include <cstddef>

namespace synod::testing {

class AllocationCount {
 public:
  AllocationCount();
  AllocationCount(const AllocationCount&) = delete;
  AllocationCount& operator=(const AllocationCount&) = delete;

  [[nodiscard]] std::size_t allocations() const;
  [[nodiscard]] std::size_t bytes() const;

 private:
  std::size_t allocations_before_;
  std::size_t bytes_before_;
};

}  // namespace synod::testing
