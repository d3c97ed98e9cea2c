#include <type_traits>

#include <gtest/gtest.h>

#include <synod/typed_append.hpp>

#include "unit/state/ledger.hpp"

namespace synod::test {
namespace {

struct Pay {
  using Result = double;
  std::int64_t amount = 0;

  [[nodiscard]] Payment entry() const {
    if (amount < 0) throw std::runtime_error("nothing to pay");
    return {id_of(1), amount, ""};
  }
  static Result project(const Sum::Outcome& outcome) {
    if (outcome == 13) throw std::runtime_error("unlucky");
    return static_cast<double>(outcome) / 2;
  }
};
struct Other {};

static_assert(Appendable<Payment, Sum> && Appendable<Pay, Sum> && !Appendable<Other, Sum>);
static_assert(!Appendable<Pay, Ledger>, "It projects another type of outcome.");
static_assert(std::is_same_v<AppendResult<Payment, Sum>, std::int64_t>);
static_assert(std::is_same_v<AppendResult<Pay, Sum>, double>);

// What a waiting append is told.
template <class S, class R>
class Told {
 public:
  using Result = absl::StatusOr<AppendResult<R, S>>;

  explicit Told(StateAdapter<S>& adapter)
      : pending_(adapter, HeldHandler<Keep, Result>(Keep{&result})) {
    pending_.entry.id = id_of(1);
    pending_.expected = true;
    adapter.expect(id_of(1));
  }
  void complete(const absl::StatusOr<AppendReceipt>& receipt) {
    EXPECT_EQ(pending_.complete(receipt), Completion::kHeld);
    EXPECT_FALSE(result.has_value());
    pending_.deliver();
  }

  std::optional<Result> result;

 private:
  struct Keep {
    std::optional<Result>* place;
    void operator()(Result told) { *place = std::move(told); }
  };
  TypedAppend<S, R, HeldHandler<Keep, Result>> pending_;
};

absl::Status failure(AppendErrorKind kind, Fate fate) {
  AppendError error;
  error.kind = kind;
  error.fate = fate;
  return to_status(error);
}

TEST(TypedAppend, AnEntryGivesItsOutcome) {
  StateAdapter<Sum> adapter(std::make_unique<Sum>());
  Told<Sum, Payment> told(adapter);
  (void)adapter.apply(RoundNum(1), payment(1, 5));
  told.complete(AppendReceipt{.round = RoundNum(1), .coord = {}});
  ASSERT_TRUE(told.result.has_value() && told.result->ok());
  EXPECT_EQ(**told.result, 5);
  EXPECT_EQ(adapter.waiting(), 0u);
}

TEST(TypedAppend, ACommandGivesAResultOfItsOwnType) {
  StateAdapter<Sum> adapter(std::make_unique<Sum>());
  Told<Sum, Pay> told(adapter);
  (void)adapter.apply(RoundNum(1), payment(1, 5));
  told.complete(AppendReceipt{.round = RoundNum(1), .coord = {}});
  ASSERT_TRUE(told.result.has_value() && told.result->ok());
  EXPECT_EQ(**told.result, 2.5);
}

TEST(TypedAppend, AProjectionThatThrowsHappenedAllTheSame) {
  StateAdapter<Sum> adapter(std::make_unique<Sum>());
  Told<Sum, Pay> told(adapter);
  (void)adapter.apply(RoundNum(1), payment(1, 13));
  told.complete(AppendReceipt{.round = RoundNum(1), .coord = {}});
  ASSERT_TRUE(told.result.has_value());
  const auto error = append_error(told.result->status());
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->fate, Fate::kHappened);
  EXPECT_EQ(error->detail, "project() threw: unlucky");
}

TEST(TypedAppend, ARepeatIsAskedOfTheState) {
  StateAdapter<Ledger> adapter(std::make_unique<Ledger>());
  (void)adapter.apply(RoundNum(1), payment(1, 5));
  Told<Ledger, Payment> told(adapter);
  told.complete(AppendReceipt{.round = RoundNum(1), .coord = {}, .repeat = true});
  ASSERT_TRUE(told.result.has_value() && told.result->ok());
  EXPECT_EQ(**told.result, "5");
}

TEST(TypedAppend, ARepeatThatTheStateDoesNotKnowEndsInAlreadyApplied) {
  StateAdapter<Sum> adapter(std::make_unique<Sum>());
  (void)adapter.apply(RoundNum(1), payment(1, 5));
  Told<Sum, Payment> told(adapter);
  told.complete(AppendReceipt{.round = RoundNum(1), .coord = {}, .repeat = true});
  ASSERT_TRUE(told.result.has_value());
  const auto error = append_error(told.result->status());
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind, AppendErrorKind::kAlreadyApplied);
  EXPECT_EQ(error->fate, Fate::kHappened);
}

TEST(TypedAppend, WhatASnapshotPassedOverMayBeKnownToTheState) {
  StateAdapter<Ledger> adapter(std::make_unique<Ledger>());
  (void)adapter.apply(RoundNum(1), payment(1, 5));
  Told<Ledger, Payment> told(adapter);
  told.complete(failure(AppendErrorKind::kSkipped, Fate::kUnknown));
  ASSERT_TRUE(told.result.has_value() && told.result->ok());
  EXPECT_EQ(**told.result, "5");
}

TEST(TypedAppend, AFailureIsPassedOnAndNothingIsKept) {
  StateAdapter<Ledger> adapter(std::make_unique<Ledger>());
  Told<Ledger, Payment> told(adapter);
  told.complete(failure(AppendErrorKind::kLost, Fate::kDidNotHappen));
  ASSERT_TRUE(told.result.has_value());
  const auto error = append_error(told.result->status());
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind, AppendErrorKind::kLost);
  EXPECT_EQ(adapter.waiting(), 0u);
}

TEST(TypedAppend, ACommandThatMakesNoEntrySaysWhy) {
  Entry entry;
  EXPECT_EQ((append_request::encode<Pay, Sum>(Pay{-1}, entry)),
            "making the entry threw: nothing to pay");
  EXPECT_EQ((append_request::encode<Pay, Sum>(Pay{4}, entry)), "");
  EXPECT_EQ(entry, payment(1, 4));
}

}  // namespace
}  // namespace synod::test
