#include "calculator.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>

namespace calculator {

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNone:
      return "none";
    case Refusal::kDivisionByZero:
      return "division-by-zero";
    case Refusal::kOperandNotFinite:
      return "operand-not-finite";
    case Refusal::kResultNotFinite:
      return "result-not-finite";
  }
  return "unknown";
}

std::string to_text(double value) {
  std::array<char, 32> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return std::string(digits.data(), written.ptr);
}

std::variant<Result, synod::Eject> Calculator::apply(const synod::ApplyContext& context,
                                                     const Operation& operation) {
  if (operation.kind() > OperationKind::kDiv) {
    return synod::Eject{"an operation of an unknown kind: this program is too old"};
  }
  forget_below(context.round);
  round_ = context.round;
  double value = value_;
  const Refusal refusal = calculate(operation, value);
  if (refusal == Refusal::kNone) {
    value_ = value;
    ++operations_;
  }
  const Result result{value_, context.round, refusal};
  remember(context.id, result);
  return result;
}

Refusal Calculator::calculate(const Operation& operation, double& value) const {
  const double operand = operation.operand();
  if (!std::isfinite(operand)) return Refusal::kOperandNotFinite;
  switch (operation.kind()) {
    case OperationKind::kAdd:
      value += operand;
      break;
    case OperationKind::kSub:
      value -= operand;
      break;
    case OperationKind::kMul:
      value *= operand;
      break;
    case OperationKind::kDiv:
      if (operand == 0.0) return Refusal::kDivisionByZero;
      value /= operand;
      break;
  }
  return std::isfinite(value) ? Refusal::kNone : Refusal::kResultNotFinite;
}

void Calculator::skip(synod::RoundNum round) {
  forget_below(round);
  round_ = round;
}

std::optional<Result> Calculator::repeat(const synod::EntryId& id) const {
  const auto found = index_.find(id);
  if (found == index_.end()) return std::nullopt;
  const Settled& settled = settled_[found->second - front_];
  return Result{settled.value, synod::RoundNum(settled.round), settled.refusal};
}

std::uint64_t Calculator::digest() const {
  return synod::mix(history_ ^ synod::mix(round_.value()));
}

void Calculator::remember(const synod::EntryId& id, const Result& result) {
  index_[id] = front_ + settled_.size();
  settled_.push_back({id.high, id.low, result.round.value(), result.value, result.refusal});
  const std::uint64_t what = std::bit_cast<std::uint64_t>(result.value) ^
                             synod::mix(result.round.value() ^ synod::hash_of(id));
  history_ = synod::mix(history_ ^ what ^ static_cast<std::uint64_t>(result.refusal));
}

// The core forgets an id before it looks at the entry of the round; so does this.
void Calculator::forget_below(synod::RoundNum round) {
  while (!settled_.empty() &&
         synod::RoundNum(settled_.front().round).plus(remembered_rounds_) < round) {
    const synod::EntryId id{settled_.front().high, settled_.front().low};
    const auto found = index_.find(id);
    if (found != index_.end() && found->second == front_) index_.erase(found);
    settled_.pop_front();
    ++front_;
  }
}

void Calculator::index_settled() {
  front_ = 0;
  index_.clear();
  std::uint64_t place = 0;
  for (const Settled& settled : settled_) {
    index_[synod::EntryId{settled.high, settled.low}] = place++;
  }
}

}  // namespace calculator
