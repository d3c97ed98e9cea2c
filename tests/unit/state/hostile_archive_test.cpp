#include <deque>
#include <list>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>
#include <cereal/types/deque.hpp>
#include <cereal/types/forward_list.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/unordered_set.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/valarray.hpp>
#include <cereal/types/vector.hpp>

#include <synod/guarded_archive.hpp>
#include <synod/prng.hpp>

#include "unit/wire/allocation_count.hpp"

namespace synod {
namespace {

struct Empty {
  friend auto operator<=>(const Empty&, const Empty&) = default;
};
struct Wide {
  std::uint8_t tag = 0;
  char room[1000] = {};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(tag);
  }
};

Bytes claim(std::uint64_t count, std::size_t bytes_after) {
  Bytes bytes;
  ByteWriter(bytes).u64(count);
  bytes.resize(bytes.size() + bytes_after);
  return bytes;
}

// How many bytes decoding `input` into a T allocates; it must fail.
template <class T>
std::size_t cost_of(const Bytes& input) {
  T value{};
  const testing::AllocationCount allocations;
  const std::string failure = decode_value(std::span(input), value);
  const std::size_t bytes = allocations.bytes();
  EXPECT_NE(failure, "");
  return bytes;
}

template <class T>
class Hostile : public ::testing::Test {};
using Containers =
    ::testing::Types<std::string, std::u32string, std::vector<std::uint8_t>, std::vector<double>,
                     std::vector<bool>, std::vector<std::string>, std::vector<std::vector<int>>,
                     std::vector<Wide>, std::vector<Empty>, std::deque<int>, std::list<int>,
                     std::forward_list<int>, std::map<int, int>, std::multimap<int, int>,
                     std::set<int>, std::set<Empty>, std::multiset<int>,
                     std::unordered_map<int, int>, std::unordered_set<int>, std::valarray<int>>;
TYPED_TEST_SUITE(Hostile, Containers);

TYPED_TEST(Hostile, NineBytesCostNextToNothing) {
  for (const std::uint64_t count :
       {std::uint64_t{1} << 31, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    EXPECT_LE(cost_of<TypeParam>(claim(count, 1)), 4096u) << count;
  }
}

TYPED_TEST(Hostile, ALongInputThatClaimsAllOfItselfCostsASmallFactor) {
  if constexpr (!std::is_same_v<TypeParam, std::string> &&
                !std::is_same_v<TypeParam, std::vector<std::uint8_t>> &&
                !std::is_same_v<TypeParam, std::vector<bool>> &&
                !std::is_same_v<TypeParam, std::vector<Wide>>) {
    constexpr std::size_t kBytes = 64 << 10;
    EXPECT_LE(cost_of<TypeParam>(claim(kBytes + 1024, kBytes - 1)), 40 * kBytes);
  }
}

// Each inner list claims as many elements without bytes as would be let through alone.
TEST(HostileNesting, ClaimsAddUp) {
  Bytes bytes = claim(1000, 0);
  for (int i = 0; i < 1000; ++i) {
    ByteWriter(bytes).u64(1000);
  }
  EXPECT_LE(cost_of<std::vector<std::vector<Empty>>>(bytes), 8 * bytes.size());
}

TEST(HostileNesting, WideElementsAreMadeOnlyAsTheyAreRead) {
  // 60,000 elements would be 60 MB; the input has the bytes for ten.
  EXPECT_LE((cost_of<std::vector<std::pair<std::uint8_t, Wide>>>(claim(1000, 0))), 4096u);
  EXPECT_LE(cost_of<std::vector<Wide>>(claim(1010, 10)), 64u * sizeof(Wide));
}

TEST(HostileRubbish, NeverCrashes) {
  Prng prng(7);
  int decoded = 0;
  for (int i = 0; i < 20'000; ++i) {
    Bytes bytes(prng.below(64));
    for (std::byte& byte : bytes) {
      byte = prng.chance(0.6) ? std::byte{0} : static_cast<std::byte>(prng.below(4));
    }
    std::map<std::string, std::vector<std::list<std::uint16_t>>> value;
    decoded += decode_value(std::span<const std::byte>(bytes), value).empty() ? 1 : 0;
  }
  EXPECT_GT(decoded, 0) << "Rubbish that is never sound tests the first check alone.";
}

}  // namespace
}  // namespace synod
