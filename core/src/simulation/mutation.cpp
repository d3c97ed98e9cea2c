#include "simulation/mutation.hpp"

#include <algorithm>
#include <cstddef>

#include <synod/checksum.hpp>
#include <synod/wire.hpp>

namespace synod::simulation {
namespace {

// Where the header keeps these: docs/formats/wire.md.
constexpr std::size_t kBodyBytesAt = 8;
constexpr std::size_t kBodyChecksumAt = kFrameHeaderBytes - 8;
constexpr std::size_t kHeaderChecksumAt = kFrameHeaderBytes - 4;

std::size_t place(Prng& prng, const Bytes& frame) {
  return static_cast<std::size_t>(prng.below(frame.size()));
}

std::byte any_byte(Prng& prng) {
  // Numbers go wrong at their ends.
  constexpr std::byte kTelling[] = {std::byte{0}, std::byte{1}, std::byte{0x7f}, std::byte{0x80},
                                    std::byte{0xff}};
  if (prng.chance(0.5)) return kTelling[prng.below(std::size(kTelling))];
  return static_cast<std::byte>(prng.below(256));
}

void put_u32(Bytes& frame, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) frame[at + i] = static_cast<std::byte>(value >> (8 * i));
}

void flip_bits(Prng& prng, Bytes& frame) {
  for (std::uint64_t flips = 1 + prng.below(4); flips > 0; --flips) {
    frame[place(prng, frame)] ^= static_cast<std::byte>(1u << prng.below(8));
  }
}

void overwrite(Prng& prng, Bytes& frame) {
  const std::size_t first = place(prng, frame);
  const std::size_t end = std::min(frame.size(), first + 1 + prng.below(16));
  for (std::size_t i = first; i < end; ++i) frame[i] = any_byte(prng);
}

void cut_short(Prng& prng, Bytes& frame) { frame.resize(place(prng, frame)); }

void add_bytes(Prng& prng, Bytes& frame) {
  for (std::uint64_t left = 1 + prng.below(64); left > 0; --left) frame.push_back(any_byte(prng));
}

void double_piece(Prng& prng, Bytes& frame) {
  const std::size_t first = place(prng, frame);
  const std::size_t end = std::min(frame.size(), first + 1 + prng.below(64));
  const Bytes piece(frame.begin() + static_cast<std::ptrdiff_t>(first),
                    frame.begin() + static_cast<std::ptrdiff_t>(end));
  frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(end), piece.begin(), piece.end());
}

void mend(Bytes& frame) {
  if (frame.size() < kFrameHeaderBytes) return;
  const std::span<const std::byte> body = std::span(frame).subspan(kFrameHeaderBytes);
  put_u32(frame, kBodyBytesAt, static_cast<std::uint32_t>(body.size()));
  put_u32(frame, kBodyChecksumAt, crc32c(body));
  put_u32(frame, kHeaderChecksumAt, crc32c(std::span(frame).first(kHeaderChecksumAt)));
}

}  // namespace

void mutate_frame(Prng& prng, bool mended, Bytes& frame) {
  using Change = void (*)(Prng&, Bytes&);
  constexpr Change kChanges[] = {flip_bits, overwrite, cut_short, add_bytes, double_piece};
  for (std::uint64_t changes = 1 + prng.below(2); changes > 0 && !frame.empty(); --changes) {
    kChanges[prng.below(std::size(kChanges))](prng, frame);
  }
  if (mended) mend(frame);
}

}  // namespace synod::simulation
