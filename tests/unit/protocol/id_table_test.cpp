#include "protocol/id_table.hpp"

#include <gtest/gtest.h>
#include <synod/prng.hpp>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

EntryId id(std::uint64_t low) { return {1, low}; }

// H13: kept for exactly as many rounds as the cluster remembers, on every node alike.
TEST(IdTable, RemembersForExactlySoManyRounds) {
  IdTable table(10);
  table.insert(r(5), id(1));
  table.forget_below(r(15));
  EXPECT_EQ(table.find(id(1)), r(5));
  table.forget_below(r(16));
  EXPECT_FALSE(table.find(id(1)).has_value());
  EXPECT_EQ(table.size(), 0u);
}

TEST(IdTable, FindsEveryIdWhileItSlides) {
  constexpr std::uint64_t kRemembered = 200;
  IdTable table(kRemembered);
  Prng prng(3);
  std::vector<EntryId> ids;
  for (std::uint64_t round = 1; round <= 5000; ++round) {
    ids.push_back(prng.entry_id());
    table.forget_below(r(round));
    table.insert(r(round), ids.back());
    const std::uint64_t back = prng.below(400);
    if (back >= round) continue;
    const std::uint64_t asked = round - back;
    const auto found = table.find(ids[static_cast<std::size_t>(asked - 1)]);
    ASSERT_EQ(found.has_value(), back <= kRemembered) << back;
    if (found.has_value()) {
      ASSERT_EQ(*found, r(asked));
    }
  }
  EXPECT_EQ(table.size(), kRemembered + 1);
}

TEST(IdTable, IsTheSameAfterItsBytes) {
  IdTable table(100);
  for (std::uint64_t round = 1; round <= 150; ++round) {
    table.forget_below(r(round));
    table.insert(r(round), id(round * 7));
  }
  Bytes bytes;
  ByteWriter writer(bytes);
  table.encode(writer);
  IdTable read(0);
  ByteReader reader(bytes);
  ASSERT_TRUE(read.decode(reader));
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(read.remembered_rounds(), 100u);
  EXPECT_EQ(read.size(), table.size());
  EXPECT_FALSE(read.find(id(49 * 7)).has_value());
  for (std::uint64_t round = 50; round <= 150; ++round) {
    EXPECT_EQ(read.find(id(round * 7)), r(round));
  }
}

struct Settled {
  std::uint64_t round;
  std::uint64_t id;
};

bool decodes(std::uint64_t remembered, std::uint64_t count, const std::vector<Settled>& settled) {
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.varint(remembered);
  writer.varint(count);
  for (const Settled& each : settled) {
    writer.varint(each.round);
    writer.u64(1);
    writer.u64(each.id);
  }
  IdTable table(5);
  ByteReader reader(bytes);
  const bool decoded = table.decode(reader);
  if (!decoded) {
    EXPECT_EQ(table.size(), 0u);
  }
  return decoded;
}

TEST(IdTable, RefusesBytesThatNoTableWrites) {
  EXPECT_TRUE(decodes(10, 2, {{1, 1}, {2, 2}}));
  EXPECT_FALSE(decodes(10, 2, {{2, 1}, {1, 2}})) << "rounds fall";
  EXPECT_FALSE(decodes(10, 2, {{1, 1}, {1, 2}})) << "two ids in a round";
  EXPECT_FALSE(decodes(10, 2, {{1, 1}, {2, 1}})) << "an id twice";
  EXPECT_FALSE(decodes(10, 1, {{0, 1}})) << "round zero";
  EXPECT_FALSE(decodes(10, 3, {{1, 1}, {2, 2}})) << "cut short";
  EXPECT_FALSE(decodes(1, 3, {{1, 1}, {2, 2}, {3, 3}})) << "more than it remembers";
}

}  // namespace
}  // namespace synod::testing
