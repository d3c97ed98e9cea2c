// File: calculator.hpp
//
// The replicated state machine of the example: one number, and what became of the operations that were
// applied to it lately. Deterministic, like every state: no clock, no random numbers, IEEE doubles.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include <cereal/types/common.hpp>
#include <cereal/types/deque.hpp>
#include <synod/hash.hpp>
#include <synod/state.hpp>
#include <synod/types.hpp>

namespace calculator {

enum class OperationKind : std::uint8_t { kAdd = 0, kSub = 1, kMul = 2, kDiv = 3 };

// What is appended to the log. The id tells a repeat from a second request.
class Operation {
 public:
  Operation() = default;
  Operation(OperationKind kind, double operand, synod::EntryId id)
      : kind_(kind), operand_(operand), id_(id) {}

  [[nodiscard]] OperationKind kind() const { return kind_; }
  [[nodiscard]] double operand() const { return operand_; }
  [[nodiscard]] synod::EntryId id() const { return id_; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(kind_, operand_, id_.high, id_.low);
  }

 private:
  OperationKind kind_ = OperationKind::kAdd;
  double operand_ = 0.0;
  synod::EntryId id_;
};

// Why an operation was refused; the value is then as it was.
enum class Refusal : std::uint8_t {
  kNone = 0,
  kDivisionByZero = 1,
  kOperandNotFinite = 2,
  kResultNotFinite = 3,
};
[[nodiscard]] std::string_view to_string(Refusal refusal);

// What an operation came to: the same for its first request and for each repeat.
struct Result {
  double value = 0.0;     // Of the calculator, after the operation.
  synod::RoundNum round;  // In which it took effect, or was refused.
  Refusal refusal = Refusal::kNone;

  friend bool operator==(const Result&, const Result&) = default;
};

class Calculator {
 public:
  using Entry = Operation;
  using Outcome = Result;

  // Results are kept for as many rounds as the core remembers ids, so that whatever the core takes
  // for a repeat can be answered with the first result.
  static constexpr std::uint64_t kRememberedRounds = 262'144;

  explicit Calculator(std::uint64_t remembered_rounds = kRememberedRounds)
      : remembered_rounds_(remembered_rounds) {}

  // --- synod::State ---
  // Ejects at an operation of a kind that only a newer program knows.
  std::variant<Result, synod::Eject> apply(const synod::ApplyContext& context,
                                           const Operation& operation);
  void skip(synod::RoundNum round);
  [[nodiscard]] std::optional<Result> repeat(const synod::EntryId& id) const;
  [[nodiscard]] std::uint64_t digest() const;

  // --- Reading ---
  [[nodiscard]] double value() const { return value_; }
  // The round that the value is of.
  [[nodiscard]] synod::RoundNum round() const { return round_; }
  // Operations that changed the value, ever.
  [[nodiscard]] std::uint64_t operations() const { return operations_; }
  // Results that a repeat may still ask for.
  [[nodiscard]] std::size_t remembered() const { return settled_.size(); }

  template <class Archive>
  void save(Archive& archive) const {
    archive(kFormat, remembered_rounds_, value_, round_.value(), operations_, history_, settled_);
  }
  template <class Archive>
  void load(Archive& archive) {
    std::uint8_t format = 0;
    std::uint64_t round = 0;
    archive(format);
    if (format != kFormat) {
      throw cereal::Exception("the snapshot is of another version of the calculator");
    }
    archive(remembered_rounds_, value_, round, operations_, history_, settled_);
    round_ = synod::RoundNum(round);
    index_settled();
  }

 private:
  // A flat copy of a result and its id, for the snapshot.
  struct Settled {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::uint64_t round = 0;
    double value = 0.0;
    Refusal refusal = Refusal::kNone;

    template <class Archive>
    void serialize(Archive& archive) {
      archive(high, low, round, value, refusal);
    }
  };
  struct IdHash {
    std::size_t operator()(const synod::EntryId& id) const { return synod::hash_of(id); }
  };

  static constexpr std::uint8_t kFormat = 1;

  [[nodiscard]] Refusal calculate(const Operation& operation, double& value) const;
  void remember(const synod::EntryId& id, const Result& result);
  void forget_below(synod::RoundNum round);
  void index_settled();

  std::uint64_t remembered_rounds_;
  double value_ = 0.0;
  synod::RoundNum round_;
  std::uint64_t operations_ = 0;
  std::uint64_t history_ = 0;     // A fingerprint of all results so far.
  std::deque<Settled> settled_;   // By ascending rounds.
  std::uint64_t front_ = 0;       // How many were taken from the front of settled_.
  // Where an id stands in settled_, counted from the first that ever was in it. Never iterated.
  std::unordered_map<synod::EntryId, std::uint64_t, IdHash> index_;
};

// The shortest decimal that reads back as the same double.
[[nodiscard]] std::string to_text(double value);

}  // namespace calculator
