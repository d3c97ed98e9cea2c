#include <gtest/gtest.h>

#include <bit>
#include <numeric>
#include <set>
#include <vector>

#include <synod/bytes.hpp>
#include <synod/hash.hpp>

namespace synod {
namespace {

Bytes counting(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + 1);
  return bytes;
}

TEST(Fingerprint, EveryBitChangesAboutHalfOfIt) {
  for (const std::size_t size : {1u, 8u, 9u, 31u, 32u, 33u, 100u}) {
    Bytes bytes = counting(size);
    const std::uint64_t before = fingerprint(bytes);
    int changed = 0;
    for (std::size_t bit = 0; bit < size * 8; ++bit) {
      bytes[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
      const int distance = std::popcount(before ^ fingerprint(bytes));
      EXPECT_GT(distance, 8) << "bit " << bit << " of " << size << " bytes";
      changed += distance;
      bytes[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    }
    EXPECT_NEAR(static_cast<double>(changed) / static_cast<double>(size * 8), 32.0, 3.0);
  }
}

TEST(Fingerprint, ZerosOfDifferentLengthsDiffer) {
  std::set<std::uint64_t> seen;
  for (std::size_t size = 0; size < 200; ++size) seen.insert(fingerprint(Bytes(size)));
  EXPECT_EQ(seen.size(), 200u);
}

TEST(Fingerprint, OrderMatters) {
  Bytes bytes = counting(96);
  const std::uint64_t before = fingerprint(bytes);
  std::swap_ranges(bytes.begin(), bytes.begin() + 8, bytes.begin() + 32);
  const std::uint64_t words_swapped = fingerprint(bytes);
  EXPECT_NE(words_swapped, before);
  std::swap_ranges(bytes.begin(), bytes.begin() + 8, bytes.begin() + 8);
  EXPECT_NE(fingerprint(bytes), words_swapped);
}

TEST(Fingerprint, DoesNotDependOnAlignment) {
  const Bytes bytes = counting(64);
  for (std::size_t at = 1; at < 8; ++at) {
    Bytes shifted(at);
    shifted.insert(shifted.end(), bytes.begin(), bytes.end());
    EXPECT_EQ(fingerprint(std::span(shifted).subspan(at)), fingerprint(bytes));
  }
}

TEST(Fingerprint, IdsSpread) {
  std::set<std::uint64_t> buckets;
  for (std::uint64_t i = 0; i < 64; ++i) buckets.insert(hash_of({0, i}) % 4096);
  EXPECT_GT(buckets.size(), 60u);
}

}  // namespace
}  // namespace synod
