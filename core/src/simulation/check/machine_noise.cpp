#include <synod/simulation/machine_noise.hpp>

#include <algorithm>

namespace synod::simulation {

void HeapNoise::stir() {
  if (prng_.below(3) != 0) return;
  const std::uint64_t slot = prng_.below(blocks_.size());
  blocks_[slot] = std::make_unique<std::byte[]>(1 + prng_.below(256));
}

void fill_memory(void* memory, std::size_t size, std::byte pattern) {
  std::fill_n(static_cast<volatile std::byte*>(memory), size, pattern);
}

}  // namespace synod::simulation
