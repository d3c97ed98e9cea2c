#include "allocation_count.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::uint64_t> allocations_so_far{0};

}  // namespace

void* operator new(std::size_t size) {
  allocations_so_far.store(allocations_so_far.load(std::memory_order_relaxed) + 1,
                           std::memory_order_relaxed);
  void* const memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace synod::bench {

std::uint64_t allocations() { return allocations_so_far.load(std::memory_order_relaxed); }

}  // namespace synod::bench
