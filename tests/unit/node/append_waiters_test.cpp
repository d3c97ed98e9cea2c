#include "node/append_waiters.hpp"

#include <map>

#include <gtest/gtest.h>

namespace synod {
namespace {

AppendWaiter waiter_for(EntryId id, std::uint32_t mark) {
  AppendWaiter waiter;
  waiter.request.entry.id = id;
  waiter.attempts = mark;
  waiter.state = AppendWaiter::State::kInReplica;
  return waiter;
}

TEST(AppendWaiters, FindsBothOfTwoWithOneId) {
  AppendWaiters waiters;
  const EntryId id{1, 2};
  const WaiterSlot first = waiters.add(waiter_for(id, 10));
  const WaiterSlot second = waiters.add(waiter_for(id, 20));
  EXPECT_EQ(waiters.first(id), second);
  EXPECT_EQ(waiters[second].next, first);
  EXPECT_EQ(waiters.remove(first).attempts, 10u);
  EXPECT_EQ(waiters.first(id), second);
  EXPECT_EQ(waiters[second].next, kNoWaiter);
  EXPECT_EQ(waiters.remove(second).attempts, 20u);
  EXPECT_EQ(waiters.first(id), kNoWaiter);
  EXPECT_EQ(waiters.size(), 0u);
}

TEST(AppendWaiters, KnowsThatASlotWasGivenToAnother) {
  AppendWaiters waiters;
  const WaiterSlot slot = waiters.add(waiter_for({1, 1}, 0));
  const std::uint32_t generation = waiters[slot].generation;
  EXPECT_TRUE(waiters.holds(slot, generation));
  waiters.remove(slot);
  EXPECT_FALSE(waiters.holds(slot, generation));
  ASSERT_EQ(waiters.add(waiter_for({2, 2}, 0)), slot);
  EXPECT_FALSE(waiters.holds(slot, generation));
}

// Against a plain map, with few ids so that chains, collisions and holes in runs all happen.
TEST(AppendWaiters, AgreesWithAMapUnderChurn) {
  AppendWaiters waiters;
  std::multimap<EntryId, WaiterSlot> model;
  Prng prng(42);
  for (std::uint32_t step = 0; step < 20'000; ++step) {
    const EntryId id{prng.below(40), prng.below(20)};
    const auto known = model.find(id);
    if (known == model.end() || (model.size() < 600 && prng.chance(0.55))) {
      model.emplace(id, waiters.add(waiter_for(id, step)));
    } else {
      EXPECT_EQ(waiters.remove(known->second).request.entry.id, id);
      model.erase(known);
    }
    ASSERT_EQ(waiters.size(), model.size());
    const EntryId probe{prng.below(40), prng.below(20)};
    std::size_t chain = 0;
    for (WaiterSlot slot = waiters.first(probe); slot != kNoWaiter; slot = waiters[slot].next) {
      ASSERT_EQ(waiters[slot].request.entry.id, probe);
      ++chain;
    }
    ASSERT_EQ(chain, model.count(probe));
  }
}

}  // namespace
}  // namespace synod
