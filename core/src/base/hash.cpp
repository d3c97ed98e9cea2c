#include <synod/hash.hpp>

#include <array>
#include <bit>
#include <cstring>

namespace synod {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15ull;
constexpr std::uint64_t kMultiplier = 0xd1342543de82ef95ull;
constexpr std::size_t kLanes = 4;
constexpr std::size_t kWord = sizeof(std::uint64_t);

// The next eight bytes as a little-endian number, whatever the machine.
std::uint64_t load_word(const std::byte* at) {
  std::uint64_t word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, at, kWord);
  } else {
    for (std::size_t i = 0; i < kWord; ++i) {
      word |= static_cast<std::uint64_t>(at[i]) << (8 * i);
    }
  }
  return word;
}

// One to one in both arguments, so that no two words ever meet in a lane.
std::uint64_t absorb(std::uint64_t lane, std::uint64_t word) {
  return std::rotl((lane ^ word) * kMultiplier, 29);
}

}  // namespace

std::uint64_t fingerprint(std::span<const std::byte> bytes) {
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t result = mix(kGolden + left);

  if (left >= kLanes * kWord) {
    // Four lanes that do not wait for one another: a multiplication takes longer than a load.
    std::array<std::uint64_t, kLanes> lanes = {kGolden, kGolden * 3, kGolden * 5, kGolden * 7};
    for (; left >= kLanes * kWord; at += kLanes * kWord, left -= kLanes * kWord) {
      for (std::size_t i = 0; i < kLanes; ++i) {
        lanes[i] = absorb(lanes[i], load_word(at + i * kWord));
      }
    }
    for (const std::uint64_t lane : lanes) result = mix(absorb(result, mix(lane)));
  }
  for (; left >= kWord; at += kWord, left -= kWord) {
    result = mix(absorb(result, load_word(at)));
  }
  if (left > 0) {
    std::array<std::byte, kWord> tail = {};
    std::memcpy(tail.data(), at, left);
    result = absorb(result, load_word(tail.data()));
  }
  return mix(result + kGolden);
}

}  // namespace synod
