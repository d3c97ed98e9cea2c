#include <gtest/gtest.h>

#include "unit/state/ledger.hpp"

namespace synod::test {
namespace {

template <class S>
StateAdapter<S> fresh() {
  return StateAdapter<S>(std::make_unique<S>());
}

TEST(StateAdapter, AppliesEntriesInTheirRounds) {
  StateAdapter<Ledger> adapter(std::make_unique<Ledger>());
  EXPECT_FALSE(adapter.apply(RoundNum(1), payment(1, 5)).ejected);
  adapter.skip(RoundNum(2), Entry{}, SkipReason::kNoop);
  EXPECT_FALSE(adapter.apply(RoundNum(3), payment(2, 3)).ejected);
  ASSERT_NE(adapter.state(), nullptr);
  EXPECT_EQ(adapter.state()->total, 8);
  EXPECT_EQ(adapter.state()->rounds, (std::vector{RoundNum(1), RoundNum(3)}));
  EXPECT_EQ(adapter.state()->skipped, (std::vector{RoundNum(2)}));
}

TEST(StateAdapter, WhatAStateDoesNotSayHasADefault) {
  StateAdapter<Sum> adapter(std::make_unique<Sum>());
  adapter.skip(RoundNum(1), Entry{}, SkipReason::kRepeat);
  EXPECT_EQ(adapter.concurrency(), 1024u);
  EXPECT_EQ(adapter.cluster_at(RoundNum(5)), nullptr);
  EXPECT_EQ(adapter.digest(), std::nullopt);
  EXPECT_EQ(adapter.repeat(id_of(1)), std::nullopt);
}

TEST(StateAdapter, WhatAStateSaysIsPassedOn) {
  StateAdapter<Ledger> adapter(std::make_unique<Ledger>());
  (void)adapter.apply(RoundNum(1), payment(1, 5));
  EXPECT_EQ(adapter.concurrency(), 7u);
  EXPECT_EQ(adapter.digest(), 6u);
  EXPECT_EQ(adapter.repeat(id_of(1)), "5");
  EXPECT_EQ(adapter.repeat(id_of(2)), std::nullopt);
}

TEST(StateAdapter, KeepsTheOutcomesThatSomebodyWaitsForAndNoOthers) {
  StateAdapter<Ledger> adapter(std::make_unique<Ledger>());
  adapter.expect(id_of(2));
  (void)adapter.apply(RoundNum(1), payment(1, 5));
  (void)adapter.apply(RoundNum(2), payment(2, 3));
  EXPECT_EQ(adapter.waiting(), 1u);
  EXPECT_EQ(adapter.take(id_of(1)), std::nullopt);
  EXPECT_EQ(adapter.take(id_of(2)), "8");
  EXPECT_EQ(adapter.waiting(), 0u);
  EXPECT_EQ(adapter.take(id_of(2)), std::nullopt);
}

TEST(StateAdapter, EveryoneWhoWaitsForOneEntryGetsItsOutcome) {
  StateAdapter<Sum> adapter(std::make_unique<Sum>());
  adapter.expect(id_of(1));
  adapter.expect(id_of(1));
  adapter.expect(id_of(1));
  (void)adapter.apply(RoundNum(1), payment(1, 5));
  EXPECT_EQ(adapter.take(id_of(1)), 5);
  adapter.forget(id_of(1));
  EXPECT_EQ(adapter.take(id_of(1)), 5);
  EXPECT_EQ(adapter.waiting(), 0u);
}

TEST(StateAdapter, TellsObserversWhatWasApplied) {
  StateAdapter<Sum> adapter(std::make_unique<Sum>());
  std::vector<std::int64_t> seen;
  adapter.on_applied([](const AppliedEffect<Sum>&) { throw std::runtime_error("an observer's"); });
  adapter.on_applied([&](const AppliedEffect<Sum>& effect) {
    EXPECT_EQ(effect.context.round, RoundNum(4));
    EXPECT_EQ(effect.entry.amount, 5);
    EXPECT_EQ(effect.state.total, 5);
    seen.push_back(effect.outcome);
  });
  EXPECT_FALSE(adapter.apply(RoundNum(4), payment(1, 5)).ejected);
  EXPECT_EQ(seen, std::vector<std::int64_t>{5});
}

struct Misdeed {
  const char* note;
  const char* reason;
};
class Ejection : public testing::TestWithParam<Misdeed> {};

TEST_P(Ejection, EndsInASentenceAndNotInAnException) {
  StateAdapter<Ledger> adapter(std::make_unique<Ledger>());
  adapter.expect(id_of(1));
  const ApplyResult result = adapter.apply(RoundNum(1), payment(1, 5, GetParam().note));
  EXPECT_TRUE(result.ejected);
  EXPECT_EQ(result.reason, GetParam().reason);
  EXPECT_FALSE(adapter.present());
  EXPECT_EQ(adapter.state(), nullptr);
  EXPECT_EQ(adapter.take(id_of(1)), std::nullopt);
  Bytes bytes;
  EXPECT_FALSE(adapter.save(bytes));
}

INSTANTIATE_TEST_SUITE_P(Misdeeds, Ejection,
                         testing::Values(Misdeed{"throw", "apply() threw: no such account"},
                                         Misdeed{"throw a number", "apply() threw"},
                                         Misdeed{"eject", "too new for me"}));

TEST(StateAdapter, AnUndecodableEntryEjects) {
  StateAdapter<Sum> adapter(std::make_unique<Sum>());
  Entry entry = payment(1, 5);
  const auto bytes = entry.payload.bytes();
  entry.payload = Payload::copy_of(bytes.first(bytes.size() - 1));
  EXPECT_TRUE(adapter.apply(RoundNum(1), entry).ejected);
}

TEST(StateAdapter, ALongerEntryThanItShouldBeEjects) {
  StateAdapter<Sum> adapter(std::make_unique<Sum>());
  Entry entry = payment(1, 5);
  Bytes bytes(entry.payload.bytes().begin(), entry.payload.bytes().end());
  bytes.push_back(std::byte{0});
  entry.payload = Payload::copy_of(bytes);
  EXPECT_TRUE(adapter.apply(RoundNum(1), entry).ejected);
}

TEST(StateAdapter, WithoutAStateEveryEntryEjects) {
  StateAdapter<Sum> adapter(std::make_unique<Sum>());
  adapter.drop();
  EXPECT_FALSE(adapter.present());
  EXPECT_TRUE(adapter.apply(RoundNum(1), payment(1, 5)).ejected);
}

class Poison : public testing::TestWithParam<const char*> {};

// A function that threw may have stopped half-way: the state is not used, saved or served any more.
TEST_P(Poison, IsEjectedWithTheNextEntry) {
  StateAdapter<Ledger> adapter(std::make_unique<Ledger>());
  ASSERT_FALSE(
      adapter.apply(RoundNum(1), payment(1, 5, std::string("poison ") + GetParam())).ejected);
  adapter.skip(RoundNum(2), Entry{}, SkipReason::kNoop);
  const auto cluster = adapter.cluster_at(RoundNum(9));
  EXPECT_GE(adapter.concurrency(), 1u);
  (void)adapter.digest();
  (void)adapter.repeat(id_of(1));
  EXPECT_EQ(adapter.state(), nullptr);
  Bytes bytes;
  EXPECT_FALSE(adapter.save(bytes));
  const ApplyResult result = adapter.apply(RoundNum(3), payment(2, 3));
  EXPECT_TRUE(result.ejected);
  EXPECT_EQ(result.reason, std::string(GetParam()) + "() threw: " + GetParam());
}

INSTANTIATE_TEST_SUITE_P(Functions, Poison,
                         testing::Values("skip", "cluster_at", "concurrency", "digest", "repeat"));

TEST(StateAdapter, APoisonedStateNamesNobodyRatherThanTheFounders) {
  StateAdapter<Ledger> adapter(std::make_unique<Ledger>());
  EXPECT_EQ(adapter.cluster_at(RoundNum(2)), nullptr);
  (void)adapter.apply(RoundNum(1), payment(1, 5, "poison cluster_at"));
  const auto cluster = adapter.cluster_at(RoundNum(2));
  ASSERT_NE(cluster, nullptr);
  EXPECT_TRUE(cluster->members.empty());
}

TEST(StateAdapter, AStateThatCannotBeSavedSaysSo) {
  StateAdapter<Ledger> adapter(std::make_unique<Ledger>());
  (void)adapter.apply(RoundNum(1), payment(1, 5, "poison save"));
  Bytes bytes;
  EXPECT_FALSE(adapter.save(bytes));
  EXPECT_NE(adapter.state(), nullptr) << "Saving changes nothing.";
}

TEST(StateAdapter, ASnapshotBringsTheWholeStateBack) {
  StateAdapter<Ledger> before(std::make_unique<Ledger>());
  (void)before.apply(RoundNum(1), payment(1, 5));
  (void)before.apply(RoundNum(2), component_entry(3, "abc"));
  (void)before.apply(RoundNum(3), component_entry(9, "abcde"));
  Bytes bytes = {std::byte{0x77}};  // save() appends.
  ASSERT_TRUE(before.save(bytes));

  StateAdapter<Ledger> after(std::make_unique<Ledger>());
  (void)after.apply(RoundNum(1), payment(1, 0, "throw"));
  ASSERT_TRUE(after.load(std::span(bytes).subspan(1)));
  ASSERT_NE(after.state(), nullptr) << "Loading heals an ejected state.";
  EXPECT_EQ(after.state()->total, 5);
  EXPECT_EQ(after.state()->first.count, 3u);
  EXPECT_EQ(after.state()->second.count, 5u);
  EXPECT_EQ(after.repeat(id_of(1)), "5");
}

TEST(StateAdapter, NoPartOfASnapshotIsASnapshot) {
  StateAdapter<Ledger> adapter(std::make_unique<Ledger>());
  (void)adapter.apply(RoundNum(1), payment(1, 5));
  Bytes bytes;
  ASSERT_TRUE(adapter.save(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(adapter.load(std::span(bytes).first(size))) << size;
    EXPECT_FALSE(adapter.present());
  }
  EXPECT_TRUE(adapter.load(bytes));
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(adapter.load(bytes));
}

}  // namespace
}  // namespace synod::test
