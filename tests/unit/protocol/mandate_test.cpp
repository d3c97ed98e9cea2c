#include "protocol/mandate.hpp"

#include <gtest/gtest.h>

#include "unit/protocol/support.hpp"

namespace synod::testing {
namespace {

Promise promise(std::uint64_t speaks_from, std::vector<PlacedEntry> accepted = {}) {
  Promise promise;
  promise.coord = c(9);
  promise.round = r(1);
  promise.speaks_from = r(speaks_from);
  promise.accepted = std::move(accepted);
  return promise;
}

// H5: whoever accepted nothing adds no condition, and the highest number binds.
TEST(Mandate, TheEntryAtTheHighestNumberBinds) {
  const std::vector<std::vector<PlacedEntry>> reports = {
      {placed(1, c(3), entry(3))}, {}, {placed(1, c(5, 2), entry(5)), placed(3, c(2), entry(2))}};
  std::vector<std::size_t> order = {0, 1, 2};
  do {
    Mandate mandate(c(9), r(1));
    for (const std::size_t i : order) {
      EXPECT_EQ(mandate.add(n(i + 1), memory_of(i + 1), promise(1, reports[i])),
                Mandate::Added::kComplete);
    }
    ASSERT_NE(mandate.forced(r(1)), nullptr);
    EXPECT_EQ(mandate.forced(r(1))->entry, entry(5));
    EXPECT_EQ(mandate.forced(r(2)), nullptr);
    EXPECT_EQ(mandate.forced(r(3))->entry, entry(2));
    EXPECT_EQ(mandate.forced_end(), r(4));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Mandate, TwoEntriesAtOneNumberAreAContradiction) {
  Mandate mandate(c(9), r(1));
  (void)mandate.add(n(1), memory_of(1), promise(1, {placed(1, c(3), entry(3))}));
  EXPECT_EQ(mandate.add(n(2), memory_of(2), promise(1, {placed(1, c(3), entry(4))})),
            Mandate::Added::kContradiction);
}

// H17: a promise counts for the rounds that it speaks for.
TEST(Mandate, APromiseCountsOnlyFromWhereItSpeaks) {
  const ElectoratePtr electorate = electorate_of({1, 2, 3});
  Mandate mandate(c(9), r(1));
  (void)mandate.add(n(1), memory_of(1), promise(1));
  (void)mandate.add(n(2), memory_of(2), promise(4));
  EXPECT_EQ(mandate.promisers(*electorate, r(3)), 0b01u);
  EXPECT_EQ(mandate.promisers(*electorate, r(4)), 0b11u);
  EXPECT_EQ(mandate.spoken_for_from(), r(4));
  EXPECT_EQ(mandate.furthest(), n(2));
  mandate.start_where_spoken_for();
  EXPECT_EQ(mandate.first(), r(4));
}

// H17: and only once all its pages have come.
TEST(Mandate, APromiseCountsOnceAllItsPagesHaveCome) {
  const ElectoratePtr electorate = electorate_of({1, 2, 3});
  Mandate mandate(c(9), r(1));
  Promise first = promise(1, {placed(1, c(3), entry(1))});
  first.pages = 2;
  Promise second = promise(1, {placed(2, c(3), entry(2))});
  second.pages = 2;
  second.page = 1;
  EXPECT_EQ(mandate.add(n(1), memory_of(1), second), Mandate::Added::kPart);
  EXPECT_EQ(mandate.add(n(1), memory_of(1), second), Mandate::Added::kPart);
  EXPECT_EQ(mandate.promisers(*electorate, r(1)), 0u);
  EXPECT_FALSE(mandate.has_promise_of(n(1)));
  EXPECT_EQ(mandate.add(n(1), memory_of(1), first), Mandate::Added::kComplete);
  EXPECT_EQ(mandate.promisers(*electorate, r(1)), 1u);
  EXPECT_NE(mandate.forced(r(1)), nullptr);
  EXPECT_NE(mandate.forced(r(2)), nullptr);
}

TEST(Mandate, PagesOfTwoAnswersDoNotMakeOne) {
  Mandate mandate(c(9), r(1));
  Promise before = promise(1);
  before.pages = 2;
  Promise after = promise(5);
  after.pages = 2;
  after.page = 1;
  EXPECT_EQ(mandate.add(n(1), memory_of(1), before), Mandate::Added::kPart);
  EXPECT_EQ(mandate.add(n(1), memory_of(1), after), Mandate::Added::kPart);
  Promise other_memory = promise(5);
  other_memory.pages = 2;
  EXPECT_EQ(mandate.add(n(1), Incarnation(5), other_memory), Mandate::Added::kPart);
  EXPECT_FALSE(mandate.has_promise_of(n(1)));
}

// Entries of a mebibyte each fill a page each: a window full of them makes hundreds of pages.
// The same acceptor answers a repeated Prepare, and cuts what it accepted at another place: the
// first page of one answer and the second of the other would leave round 2 out.
TEST(Mandate, PagesCutAtOtherPlacesDoNotMakeOne) {
  const PlacedEntry one = placed(1, c(3), entry(1));
  const PlacedEntry two = placed(2, c(3), entry(2));
  const PlacedEntry three = placed(3, c(3), entry(3));
  const auto page = [](std::uint32_t number, std::uint32_t telling, std::vector<PlacedEntry> held) {
    Promise part = promise(1, std::move(held));
    part.page = number;
    part.pages = 2;
    part.telling = telling;
    return part;
  };
  Mandate mandate(c(9), r(1));
  EXPECT_EQ(mandate.add(n(1), memory_of(1), page(0, 7, {one})), Mandate::Added::kPart);
  EXPECT_EQ(mandate.add(n(1), memory_of(1), page(1, 8, {three})), Mandate::Added::kPart);
  EXPECT_FALSE(mandate.has_promise_of(n(1)));
  EXPECT_EQ(mandate.add(n(1), memory_of(1), page(0, 8, {one, two})), Mandate::Added::kComplete);
  EXPECT_NE(mandate.forced(r(2)), nullptr);
}

TEST(Mandate, APromiseMayHaveHundredsOfPages) {
  const ElectoratePtr electorate = electorate_of({1, 2, 3});
  Mandate mandate(c(9), r(1));
  constexpr std::uint32_t kPages = 300;
  for (std::uint32_t page = 0; page < kPages; ++page) {
    Promise each = promise(1, {placed(page + 1, c(3), entry(page + 1))});
    each.page = page;
    each.pages = kPages;
    const bool last = page + 1 == kPages;
    ASSERT_EQ(mandate.add(n(1), memory_of(1), each),
              last ? Mandate::Added::kComplete : Mandate::Added::kPart);
  }
  EXPECT_EQ(mandate.promisers(*electorate, r(1)), 1u);
}

// H2: who promised is one thing; whether that is a quorum is each electorate's own.
TEST(Mandate, EveryElectorateFindsItsOwnPromisers) {
  Mandate mandate(c(9), r(1));
  (void)mandate.add(n(1), memory_of(1), promise(1));
  (void)mandate.add(n(3), memory_of(3), promise(1));
  const ElectoratePtr before = electorate_of({1, 2, 3});
  const ElectoratePtr after = electorate_of({1, 2, 4});
  EXPECT_TRUE(before->is_phase1_quorum(mandate.promisers(*before, r(5))));
  EXPECT_FALSE(after->is_phase1_quorum(mandate.promisers(*after, r(5))));
}

// H1: a promise from before the memory was lost counts nowhere that the new memory is in force.
TEST(Mandate, APromiseOfAnotherMemoryDoesNotCount) {
  const ElectoratePtr electorate = electorate_of({1, 2, 3});
  Mandate mandate(c(9), r(1));
  (void)mandate.add(n(2), Incarnation(7), promise(1));
  EXPECT_EQ(mandate.promisers(*electorate, r(1)), 0u);
}

TEST(Mandate, SenselessPagesAreIgnored) {
  Mandate mandate(c(9), r(1));
  Promise none = promise(1);
  none.pages = 0;
  Promise beyond = promise(1);
  beyond.page = 3;
  beyond.pages = 2;
  EXPECT_EQ(mandate.add(n(1), memory_of(1), none), Mandate::Added::kPart);
  EXPECT_EQ(mandate.add(n(1), memory_of(1), beyond), Mandate::Added::kPart);
  EXPECT_FALSE(mandate.has_promise_of(n(1)));
}

}  // namespace
}  // namespace synod::testing
