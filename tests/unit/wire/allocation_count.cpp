#include "unit/wire/allocation_count.hpp"

#include <cstdlib>
#include <new>

namespace {

std::size_t allocations_so_far = 0;
std::size_t bytes_so_far = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations_so_far;
  bytes_so_far += size;
  void* const memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace synod::testing {

AllocationCount::AllocationCount()
    : allocations_before_(allocations_so_far), bytes_before_(bytes_so_far) {}

std::size_t AllocationCount::allocations() const {
  return allocations_so_far - allocations_before_;
}
std::size_t AllocationCount::bytes() const { return bytes_so_far - bytes_before_; }

}  // namespace synod::testing
