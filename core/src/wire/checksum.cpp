#include <synod/checksum.hpp>

#include <isa-l/crc.h>

#include <algorithm>

namespace synod {
namespace {

// The library counts in an int.
constexpr std::size_t kStepMax = 1u << 30;

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before) {
  std::uint32_t sum = ~before;
  while (!bytes.empty()) {
    const std::size_t step = std::min(bytes.size(), kStepMax);
    // The library does not write to the buffer, although its interface does not say so.
    auto* start = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data()));
    sum = crc32_iscsi(start, static_cast<int>(step), sum);
    bytes = bytes.subspan(step);
  }
  return ~sum;
}

}  // namespace synod
