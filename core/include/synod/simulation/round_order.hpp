// File: round_order.hpp
//
// Linearizability in linear time, for answers that tell their round: the log itself is the order.
// Two things make it a linearization: replaying the operations by round gives each client the
// answer that it had, and no operation stands before one that had returned when it was invoked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <synod/simulation/linearizability.hpp>
#include <synod/types.hpp>

namespace synod::simulation {

// Where an operation stands: in `round` it took effect, or it read what was there after `round`.
struct RoundPlace {
  RoundNum round = RoundNum();
  bool reads = false;
  // As in Operation.
  std::uint64_t invoked = 0;
  std::uint64_t returned = std::numeric_limits<std::uint64_t>::max();
};

// What is wrong with an order by rounds: `first` stands behind `second`, or both changed something
// in one round, although `first` had returned before `second` was invoked; or `first`'s answer is
// wrong.
struct RoundOrderFault {
  enum class Kind : std::uint8_t { kTwoInOneRound, kAgainstTime, kWrongAnswer };
  Kind kind = Kind::kAgainstTime;
  std::size_t first = 0;
  std::size_t second = 0;
};

// The places of `places` from the lowest round to the highest, reads behind what changed it.
[[nodiscard]] std::vector<std::size_t> in_round_order(const std::vector<RoundPlace>& places);
// Without a model: two in one round, or against time.
[[nodiscard]] std::optional<RoundOrderFault> find_disorder(const std::vector<RoundPlace>& places);

// `places[i]` is where `history[i]` stands. Leave out what took no effect; what took effect and
// never returned must be there, because others saw it.
template <SequentialModel M>
[[nodiscard]] std::optional<RoundOrderFault> check_round_order(
    const M& model, const HistoryOf<M>& history, const std::vector<RoundPlace>& places) {
  if (const std::optional<RoundOrderFault> disorder = find_disorder(places)) return disorder;
  std::vector<typename M::State> states = {model.initial()};
  for (const std::size_t index : in_round_order(places)) {
    std::vector<typename M::State> next;
    for (const typename M::State& state : states) {
      for (auto& each : successors(model, state, history[index].input, history[index].output)) {
        if (std::find(next.begin(), next.end(), each) == next.end()) next.push_back(each);
      }
    }
    if (next.empty()) {
      return RoundOrderFault{RoundOrderFault::Kind::kWrongAnswer, index, index};
    }
    states = std::move(next);
  }
  return std::nullopt;
}

}  // namespace synod::simulation
