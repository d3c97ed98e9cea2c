#include <gtest/gtest.h>

#include <synod/types.hpp>

namespace synod {
namespace {

TEST(Types, NumbersSaturate) {
  EXPECT_EQ(RoundNum::max().next(), RoundNum::max());
  EXPECT_EQ(RoundNum(5).plus(RoundNum::max().value()), RoundNum::max());
  EXPECT_EQ(RoundNum(0).previous(), RoundNum(0));
  EXPECT_EQ(RoundNum(5).above(RoundNum(3)), 2u);
  EXPECT_EQ(RoundNum(3).above(RoundNum(5)), 0u);
  EXPECT_EQ(Timestamp(5).after(Duration::max()), Timestamp::max());
}

TEST(Types, CoordinationNumbersAreOrderedByCounterThenProposerThenIncarnation) {
  const CoordNum low = {1, NodeId(9), Incarnation(9)};
  const CoordNum middle = {2, NodeId(1), Incarnation(9)};
  const CoordNum high = {2, NodeId(2), Incarnation(1)};
  EXPECT_LT(low, middle);
  EXPECT_LT(middle, high);
  EXPECT_LT(high, (CoordNum{2, NodeId(2), Incarnation(2)}));
  EXPECT_LT(CoordNum(), low);
}

TEST(Types, NumbersHaveATextOfTheirOwn) {
  EXPECT_EQ(to_string(RoundNum(7)), "7");
  EXPECT_EQ(to_string(NodeId(3)), "3");
  EXPECT_EQ(to_string(Incarnation(0xab)), "00000000000000ab");
  EXPECT_EQ(to_string(CoordNum{4, NodeId(2), Incarnation(1)}), "4.2");
}

TEST(Types, IdsAreWrittenAsUuids) {
  const EntryId id = {0x0123456789abcdef, 0xfedcba9876543210};
  EXPECT_EQ(to_string(id), "01234567-89ab-cdef-fedc-ba9876543210");
  EntryId read;
  for (const char* text :
       {"01234567-89ab-cdef-fedc-ba9876543210", "0123456789abcdeffedcba9876543210",
        "01234567-89AB-CDEF-FEDC-BA9876543210"}) {
    read = {};
    EXPECT_TRUE(parse_entry_id(text, read)) << text;
    EXPECT_EQ(read, id) << text;
  }
}

TEST(Types, WhatIsNoIdChangesNothing) {
  for (const char* text :
       {"", "0", "01234567-89ab-cdef-fedc-ba987654321", "01234567-89ab-cdef-fedc-ba98765432100",
        "0123456789abcdeffedcba987654321g", "01234567089ab-cdef-fedc-ba987654321",
        "012345678-9ab-cdef-fedc-ba9876543210", "01234567-89ab-cdef-fedc-ba98765-3210",
        " 123456789abcdeffedcba9876543210"}) {
    EntryId id = {1, 2};
    EXPECT_FALSE(parse_entry_id(text, id)) << text;
    EXPECT_EQ(id, (EntryId{1, 2})) << text;
  }
}

TEST(Types, AClustersIdFollowsFromItsName) {
  EXPECT_EQ(ClusterId::of("calc"), ClusterId::of("calc"));
  EXPECT_NE(ClusterId::of("calc"), ClusterId::of("calk"));
  EXPECT_NE(ClusterId::of(""), ClusterId());
  // The same on every machine and in every version: stored in journals.
  EXPECT_EQ(ClusterId::of("example"), ClusterId(0x202df6aae5a9cc1a));
}

}  // namespace
}  // namespace synod
