#include <gtest/gtest.h>

#include "unit/state/ledger.hpp"

namespace synod::test {
namespace {

TEST(Components, AnEntryGoesToTheComponentOfItsTag) {
  StateAdapter<Ledger> adapter(std::make_unique<Ledger>());
  EXPECT_FALSE(adapter.apply(RoundNum(6), component_entry(9, "abcd")).ejected);
  ASSERT_NE(adapter.state(), nullptr);
  EXPECT_EQ(adapter.state()->first.count, 0u);
  EXPECT_EQ(adapter.state()->second.count, 4u);
  EXPECT_EQ(adapter.state()->second.last_round, RoundNum(6));
  EXPECT_TRUE(adapter.state()->rounds.empty()) << "It is never the state's own entry.";
}

TEST(Components, AnUnknownTagEjects) {
  StateAdapter<Ledger> adapter(std::make_unique<Ledger>());
  const ApplyResult result = adapter.apply(RoundNum(1), component_entry(4, "abcd"));
  EXPECT_TRUE(result.ejected);
  EXPECT_EQ(result.reason, "no component of this state has the tag 4");
}

TEST(Components, AStateWithoutAnyKnowsNoTag) {
  StateAdapter<Sum> adapter(std::make_unique<Sum>());
  EXPECT_TRUE(adapter.apply(RoundNum(1), component_entry(3, "abcd")).ejected);
}

TEST(Components, OneThatThrowsEjects) {
  StateAdapter<Ledger> adapter(std::make_unique<Ledger>());
  const ApplyResult result = adapter.apply(RoundNum(1), component_entry(3, ""));
  EXPECT_TRUE(result.ejected);
  EXPECT_EQ(result.reason, "a component threw: nothing to count");
}

TEST(Components, SavingKeepsEachApart) {
  ByteCount<3> first{.count = 1, .last_round = {}};
  ByteCount<9> second{.count = 2, .last_round = {}};
  Bytes bytes;
  ByteWriter writer(bytes);
  component_set::save(std::tie(first, second), writer);

  ByteReader in_order(bytes);
  ByteCount<3> first_after;
  ByteCount<9> second_after;
  EXPECT_TRUE(component_set::load(std::tie(first_after, second_after), in_order));
  EXPECT_TRUE(in_order.done());
  EXPECT_EQ(first_after.count, 1u);
  EXPECT_EQ(second_after.count, 2u);

  ByteReader swapped(bytes);
  EXPECT_FALSE(component_set::load(std::tie(second_after, first_after), swapped));
  ByteReader fewer(bytes);
  EXPECT_FALSE(component_set::load(std::tie(first_after), fewer));
}

static_assert(Component<ByteCount<3>>);
static_assert(!Component<Sum>);
static_assert(State<Ledger> && State<Sum>);
static_assert(HasComponents<Ledger> && !HasComponents<Sum>);

}  // namespace
}  // namespace synod::test
