// File: hash.hpp
//
// Fast fingerprints that are the same on every machine. Not against an adversary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <synod/types.hpp>

namespace synod {

// Spreads the bits of `value` (the finaliser of SplitMix64, Steele, Lea and Flood 2014).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
  return value ^ (value >> 31);
}

[[nodiscard]] constexpr std::uint64_t hash_of(const EntryId& id) {
  return mix(id.high + 0x9e3779b97f4a7c15ull * (id.low + 1));
}

// Of a sequence of bytes.
[[nodiscard]] std::uint64_t fingerprint(std::span<const std::byte> bytes);

}  // namespace synod
