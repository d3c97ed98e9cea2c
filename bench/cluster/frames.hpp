// The simplest frames: four bytes of length, in the machine's own order, and the body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace synod::bench {

inline void append_frame(std::vector<char>& out, std::span<const std::byte> body) {
  const auto size = static_cast<std::uint32_t>(body.size());
  const std::size_t at = out.size();
  out.resize(at + sizeof(size) + body.size());
  std::memcpy(out.data() + at, &size, sizeof(size));
  std::memcpy(out.data() + at + sizeof(size), body.data(), body.size());
}

// Calls `use(body)` for each whole frame, and says how many bytes they took.
template <class Use>
std::size_t each_frame(std::span<const char> bytes, Use use) {
  std::size_t used = 0;
  for (;;) {
    std::uint32_t size = 0;
    if (bytes.size() - used < sizeof(size)) return used;
    std::memcpy(&size, bytes.data() + used, sizeof(size));
    if (bytes.size() - used - sizeof(size) < size) return used;
    use(bytes.subspan(used + sizeof(size), size));
    used += sizeof(size) + size;
  }
}

}  // namespace synod::bench
