#include "calculator.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include <synod/guarded_archive.hpp>

namespace calculator {
namespace {

using synod::ApplyContext;
using synod::EntryId;
using synod::RoundNum;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

EntryId id_of(std::uint64_t number) { return {7, number}; }

Result apply(Calculator& state, std::uint64_t round, OperationKind kind, double operand) {
  const EntryId id = id_of(round);
  const auto outcome = state.apply({RoundNum(round), id}, Operation(kind, operand, id));
  return std::get<Result>(outcome);
}

TEST(Calculator, CalculatesAndSaysTheRound) {
  Calculator state;
  EXPECT_EQ(apply(state, 1, OperationKind::kAdd, 5), (Result{5, RoundNum(1), Refusal::kNone}));
  EXPECT_EQ(apply(state, 2, OperationKind::kMul, 3), (Result{15, RoundNum(2), Refusal::kNone}));
  state.skip(RoundNum(3));
  EXPECT_EQ(apply(state, 4, OperationKind::kSub, 1), (Result{14, RoundNum(4), Refusal::kNone}));
  EXPECT_EQ(apply(state, 5, OperationKind::kDiv, 2), (Result{7, RoundNum(5), Refusal::kNone}));
  EXPECT_EQ(state.value(), 7);
  EXPECT_EQ(state.operations(), 4u);
  EXPECT_EQ(state.round(), RoundNum(5));
}

struct Refused {
  OperationKind kind;
  double operand;
  Refusal refusal;
};

class Refusing : public ::testing::TestWithParam<Refused> {};

TEST_P(Refusing, ChangesNothingAndIsRemembered) {
  const auto [kind, operand, refusal] = GetParam();
  Calculator state;
  apply(state, 1, OperationKind::kAdd, std::numeric_limits<double>::max());
  const double before = state.value();
  const Result result = apply(state, 2, kind, operand);
  EXPECT_EQ(result.refusal, refusal);
  EXPECT_EQ(result.value, before);
  EXPECT_EQ(state.value(), before);
  EXPECT_EQ(state.operations(), 1u);
  EXPECT_EQ(state.repeat(id_of(2)), result);
}

INSTANTIATE_TEST_SUITE_P(
    All, Refusing,
    ::testing::Values(
        Refused{OperationKind::kDiv, 0.0, Refusal::kDivisionByZero},
        Refused{OperationKind::kDiv, -0.0, Refusal::kDivisionByZero},
        Refused{OperationKind::kAdd, kInfinity, Refusal::kOperandNotFinite},
        Refused{OperationKind::kDiv, -kInfinity, Refusal::kOperandNotFinite},
        Refused{OperationKind::kMul, std::nan(""), Refusal::kOperandNotFinite},
        Refused{OperationKind::kMul, 2.0, Refusal::kResultNotFinite},
        Refused{OperationKind::kDiv, 0.25, Refusal::kResultNotFinite},
        Refused{OperationKind::kAdd, std::numeric_limits<double>::max(),
                Refusal::kResultNotFinite},
        Refused{OperationKind::kSub, -std::numeric_limits<double>::max(),
                Refusal::kResultNotFinite}));

TEST(Calculator, EjectsAtAnOperationOfANewerProgram) {
  Calculator state;
  const auto kind = static_cast<OperationKind>(4);
  const auto outcome = state.apply({RoundNum(1), id_of(1)}, Operation(kind, 1, id_of(1)));
  ASSERT_TRUE(std::holds_alternative<synod::Eject>(outcome));
  EXPECT_EQ(state.value(), 0);
}

TEST(Calculator, RemembersResultsForAsManyRoundsAsTheCoreRemembersIds) {
  Calculator state(3);
  for (std::uint64_t round = 1; round <= 4; ++round) apply(state, round, OperationKind::kAdd, 1);
  EXPECT_EQ(state.repeat(id_of(1)), (Result{1, RoundNum(1), Refusal::kNone}));
  state.skip(RoundNum(5));  // 1 + 3 < 5.
  EXPECT_EQ(state.repeat(id_of(1)), std::nullopt);
  EXPECT_EQ(state.repeat(id_of(2)), (Result{2, RoundNum(2), Refusal::kNone}));
  EXPECT_EQ(state.remembered(), 3u);
  apply(state, 8, OperationKind::kAdd, 1);
  EXPECT_EQ(state.remembered(), 1u);
  EXPECT_EQ(state.repeat(id_of(8)), (Result{5, RoundNum(8), Refusal::kNone}));
}

TEST(Calculator, StaysBoundedUnderItsOwnBound) {
  Calculator state;
  EXPECT_EQ(Calculator::kRememberedRounds, 262'144u);
  const std::uint64_t last = Calculator::kRememberedRounds + 1000;
  for (std::uint64_t round = 1; round <= last; ++round) {
    apply(state, round, OperationKind::kAdd, 1);
  }
  EXPECT_EQ(state.remembered(), Calculator::kRememberedRounds + 1);
  EXPECT_EQ(state.repeat(id_of(999)), std::nullopt);
  EXPECT_EQ(state.repeat(id_of(1000))->value, 1000);
}

TEST(Calculator, GoesOnFromItsSnapshotAsIfItHadNeverStopped) {
  Calculator state(3);
  for (std::uint64_t round = 1; round <= 4; ++round) {
    apply(state, round, OperationKind::kAdd, 0.1 * static_cast<double>(round));
  }
  apply(state, 5, OperationKind::kDiv, 0);
  synod::Bytes bytes;
  ASSERT_TRUE(synod::encode_value(state, bytes));
  Calculator copy;
  ASSERT_EQ(synod::decode_value(bytes, copy), "");
  EXPECT_EQ(copy.digest(), state.digest());
  for (std::uint64_t round = 6; round <= 9; ++round) {
    EXPECT_EQ(apply(copy, round, OperationKind::kMul, 1.7),
              apply(state, round, OperationKind::kMul, 1.7));
    for (std::uint64_t id = 1; id <= round; ++id) {
      EXPECT_EQ(copy.repeat(id_of(id)), state.repeat(id_of(id))) << id << " after " << round;
    }
    EXPECT_EQ(copy.digest(), state.digest());
  }
  EXPECT_EQ(copy.operations(), state.operations());
}

TEST(Calculator, RefusesASnapshotThatIsCutOrOfAnotherVersion) {
  Calculator state;
  apply(state, 1, OperationKind::kAdd, 1);
  synod::Bytes bytes;
  ASSERT_TRUE(synod::encode_value(state, bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Calculator copy;
    EXPECT_NE(synod::decode_value(std::span(bytes).first(size), copy), "") << size;
  }
  bytes[0] = std::byte{2};
  Calculator copy;
  EXPECT_NE(synod::decode_value(bytes, copy), "");
}

TEST(Calculator, TellsDifferentHistoriesApart) {
  Calculator one;
  Calculator other;
  apply(one, 1, OperationKind::kAdd, 2);
  apply(other, 1, OperationKind::kAdd, 1);
  apply(one, 2, OperationKind::kAdd, 1);
  apply(other, 2, OperationKind::kAdd, 2);
  EXPECT_EQ(one.value(), other.value());
  EXPECT_NE(one.digest(), other.digest());
}

TEST(ToText, IsTheShortestThatReadsBack) {
  EXPECT_EQ(to_text(0.1), "0.1");
  EXPECT_EQ(to_text(7), "7");
  EXPECT_EQ(to_text(-0.0), "-0");
  EXPECT_EQ(to_text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(to_text(1e300), "1e+300");
  for (const double value : {1.0 / 3.0, 5e-324, 1.7976931348623157e308, -123456789.125}) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(std::strtod(to_text(value).c_str(), nullptr)),
              std::bit_cast<std::uint64_t>(value));
  }
}

}  // namespace
}  // namespace calculator
