#include <gtest/gtest.h>

#include <synod/simulation/machine_noise.hpp>
#include <synod/simulation/restored_copy.hpp>
#include <synod/simulation/state_ledger.hpp>

namespace synod::simulation {
namespace {

constexpr NodeId kA(1);
constexpr NodeId kB(2);

Bytes bytes_of(std::size_t size, std::uint8_t value) { return Bytes(size, std::byte{value}); }

TEST(StateLedgerTest, ComparesWithTheFirstToGetThere) {
  StateLedger ledger;
  EXPECT_EQ(ledger.enter(kA, RoundNum(1), bytes_of(3, 1)), nullptr);
  EXPECT_EQ(ledger.enter(kB, RoundNum(1), bytes_of(3, 1)), nullptr);
  EXPECT_EQ(ledger.agreed(kB), RoundNum(1));
  EXPECT_EQ(ledger.enter(kB, RoundNum(2), bytes_of(3, 2)), nullptr);
  const StateLedger::Look* const first = ledger.enter(kA, RoundNum(2), bytes_of(3, 3));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->node, kB);
  EXPECT_EQ(first->bytes, bytes_of(3, 2));
  EXPECT_EQ(ledger.agreed(kA), RoundNum());
  EXPECT_EQ(ledger.compared(), 2u);
}

TEST(StateLedgerTest, LooksAtSmallStatesAlwaysAndAtLargeOnesInProportion) {
  StateLedger ledger;
  EXPECT_TRUE(ledger.is_due(kA, RoundNum(1)));
  (void)ledger.enter(kA, RoundNum(1), bytes_of(StateLedger::kSmallBytes - 1, 0));
  EXPECT_TRUE(ledger.is_due(kA, RoundNum(3)));
  (void)ledger.enter(kA, RoundNum(3), bytes_of(10 * StateLedger::kSmallBytes, 0));
  std::uint64_t looks = 0;
  for (std::uint64_t round = 4; round < 4 + 160; ++round) {
    if (ledger.is_due(kA, RoundNum(round))) ++looks;
  }
  EXPECT_EQ(looks, 10u);
  // Nodes of different pace meet at the same rounds.
  (void)ledger.enter(kB, RoundNum(4), bytes_of(3 * StateLedger::kSmallBytes, 0));
  EXPECT_TRUE(ledger.is_due(kA, RoundNum(32)));
  EXPECT_TRUE(ledger.is_due(kB, RoundNum(32)));
}

TEST(StateLedgerTest, KeepsNoMoreBytesThanItsBound) {
  StateLedger ledger;
  const std::uint64_t size = StateLedger::kKeptBytes / 4;
  for (std::uint64_t round = 1; round <= 6; ++round) {
    (void)ledger.enter(kA, RoundNum(round), bytes_of(size, 1));
  }
  for (std::uint64_t round = 1; round <= 6; ++round) {
    const StateLedger::Look* const look = ledger.enter(kB, RoundNum(round), bytes_of(size, 2));
    ASSERT_NE(look, nullptr);
    EXPECT_EQ(look->bytes.empty(), round <= 2);
  }
}

TEST(StateLedgerTest, ComparesDigests) {
  StateLedger ledger;
  EXPECT_EQ(ledger.enter_digest(kA, RoundNum(1), 5), std::nullopt);
  EXPECT_EQ(ledger.enter_digest(kB, RoundNum(1), 5), std::nullopt);
  EXPECT_EQ(ledger.enter_digest(kB, RoundNum(1), 6), kA);
}

TEST(MembersNotRestoredTest, NamesWhereTheCopiesAgreeAgainstTheOriginal) {
  Bytes original = bytes_of(12, 7);
  const Bytes copy = bytes_of(12, 7);
  EXPECT_EQ(members_not_restored(original, copy, copy), "");
  original[5] = std::byte{9};
  EXPECT_NE(members_not_restored(original, copy, copy).find("byte 4 on held 0x07090707"),
            std::string::npos);
  Bytes elsewhere = copy;
  elsewhere[5] = std::byte{1};  // An address.
  EXPECT_EQ(members_not_restored(original, copy, elsewhere), "");
}

TEST(MachineNoiseTest, FillsMemory) {
  Bytes memory = bytes_of(40, 0);
  fill_memory(memory.data(), memory.size(), std::byte{0xa5});
  EXPECT_EQ(memory, bytes_of(40, 0xa5));
}

TEST(ValueTextTest, ShowsWhereBytesPart) {
  EXPECT_EQ(first_difference(bytes_of(3, 1), bytes_of(2, 1)),
            "from byte 2 on 0x01 here and 0x there");
  EXPECT_EQ(hexadecimal(bytes_of(3, 0xab), 2), "0xabab…");
}

}  // namespace
}  // namespace synod::simulation
