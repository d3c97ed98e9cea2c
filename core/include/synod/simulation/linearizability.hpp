// File: linearizability.hpp
//
// Whether what clients saw could have come from one copy that does one thing at a time: the search
// of Wing and Gong (1993) with Lowe's memo (2017), over a model of the one copy. A model is a class
// with
//
//   using State = …; using Input = …; using Output = …;   // State: copyable, ==.
//   State initial() const;
//   // The state after `input`, where `output` is what it would have answered; nothing where it is
//   // not. No output: nobody was told; any is right.
//   std::optional<State> step(const State&, const Input&, const std::optional<Output>&) const;
//   // Or, where more than one state may follow: all of them.
//   std::vector<State> step(…) const;
//   // Optional: operations of different keys have nothing to do with each other.
//   Key key(const Input&) const;
//
// The search is exponential at worst. Keep it to about ten clients and a thousand operations for
// each key; past its budget it answers kUnknown, which is no pass: look into it.
// synod/simulation/round_order.hpp is linear, where answers tell their round.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <synod/hash.hpp>

namespace synod::simulation {

// What a client did. Moments count whatever happens in the history, or are times; of two operations
// one is before the other if it returned at a lower moment than the other was invoked at.
template <class Input, class Output>
struct Operation {
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t client = 0;
  Input input{};
  std::optional<Output> output = std::nullopt;
  std::uint64_t invoked = 0;
  // kNever: nobody knows. It may have taken effect at any moment since, or never.
  std::uint64_t returned = kNever;

  [[nodiscard]] bool indeterminate() const { return returned == kNever; }
};

template <class M>
using OperationOf = Operation<typename M::Input, typename M::Output>;
template <class M>
using HistoryOf = std::vector<OperationOf<M>>;

// step() says at most one state that follows …
template <class M>
concept StepsToOne = requires(const M& model, const typename M::State& state,
                              const typename M::Input& input,
                              const std::optional<typename M::Output>& output) {
  { model.step(state, input, output) } -> std::same_as<std::optional<typename M::State>>;
};
// … or any number of them.
template <class M>
concept StepsToMany = requires(const M& model, const typename M::State& state,
                               const typename M::Input& input,
                               const std::optional<typename M::Output>& output) {
  { *model.step(state, input, output).begin() } -> std::convertible_to<typename M::State>;
};
template <class M>
concept Steps = StepsToOne<M> || StepsToMany<M>;
template <class M>
concept SequentialModel = std::equality_comparable<typename M::State> &&
    std::copyable<typename M::State> && Steps<M> && requires(const M& model) {
  { model.initial() } -> std::convertible_to<typename M::State>;
};
template <class M>
concept PartitionedModel = SequentialModel<M> &&
    requires(const M& model, const typename M::Input& input) {
  { model.key(input) } -> std::totally_ordered;
};

// Every state that may follow; none: `output` is wrong.
template <SequentialModel M>
[[nodiscard]] std::vector<typename M::State> successors(
    const M& model, const typename M::State& state, const typename M::Input& input,
    const std::optional<typename M::Output>& output) {
  auto stepped = model.step(state, input, output);
  if constexpr (std::same_as<decltype(stepped), std::optional<typename M::State>>) {
    std::vector<typename M::State> states;
    if (stepped) states.push_back(*std::move(stepped));
    return states;
  } else {
    return {stepped.begin(), stepped.end()};
  }
}

enum class Verdict : std::uint8_t { kLinearizable, kIllegal, kUnknown };
[[nodiscard]] std::string_view to_string(Verdict verdict);

// Operations are named by their places in the history that was checked.
struct LinearizabilityResult {
  Verdict verdict = Verdict::kLinearizable;
  std::uint64_t steps = 0;  // Of the model, in all parts.
  std::uint64_t parts = 0;  // Keys; 1 where the model has none.
  // Unless linearizable: the operations of the part that is wrong, the longest order of some of
  // them that is right, and the one that returned and fits nowhere behind it.
  std::vector<std::size_t> part;
  std::vector<std::size_t> order;
  std::optional<std::size_t> misfit;

  [[nodiscard]] bool ok() const { return verdict == Verdict::kLinearizable; }
};

inline constexpr std::uint64_t kStepsMax = 500'000;

// The search in one part. Its list holds the calls and returns of what is not placed yet, in the
// order of their moments; whatever stands before the first return may come next.
template <SequentialModel M>
class LinearizabilitySearch {
 public:
  using State = typename M::State;

  // All outlive the search. `part`: the places in `history` that belong to it.
  LinearizabilitySearch(const M& model, const HistoryOf<M>& history,
                        const std::vector<std::size_t>& part)
      : model_(model), history_(history), part_(part), state_(model.initial()) {
    list_events();
    placed_bits_.resize(part_.size() / 64 + 1);
  }

  LinearizabilityResult run(std::uint64_t steps_max) {
    LinearizabilityResult result;
    result.parts = 1;
    at_ = events_[kHead].next;
    while (open_ > 0 && result.verdict == Verdict::kLinearizable) {
      if (steps_ >= steps_max) {
        result.verdict = Verdict::kUnknown;
      } else if (events_[at_].is_call) {
        try_call();
      } else if (!at_last_resort_) {
        at_last_resort_ = true;
        at_ = events_[kHead].next;
      } else if (!back_up()) {
        result.verdict = Verdict::kIllegal;
      }
    }
    result.steps = steps_;
    if (!result.ok()) explain(result);
    return result;
  }

 private:
  static constexpr std::size_t kHead = 0;
  using Bits = std::vector<std::uint64_t>;

  struct Event {
    std::size_t operation = 0;  // Its place in `part_`.
    bool is_call = false;
    std::size_t previous = kHead;
    std::size_t next = kHead;
  };
  struct Placed {
    std::size_t operation;
    State before;
    std::size_t alternative;
  };
  struct BitsHash {
    std::size_t operator()(const Bits& bits) const {
      std::uint64_t hash = 0;
      for (const std::uint64_t word : bits) hash = mix(hash + word + 1);
      return hash;
    }
  };

  [[nodiscard]] const OperationOf<M>& operation(std::size_t index) const {
    return history_[part_[index]];
  }

  void list_events() {
    struct Edge {
      std::uint64_t when;
      bool returns;  // Calls come first: what touches overlaps.
      std::size_t operation;
    };
    std::vector<Edge> edges;
    for (std::size_t i = 0; i < part_.size(); ++i) {
      edges.push_back({operation(i).invoked, false, i});
      if (operation(i).indeterminate()) continue;
      edges.push_back({operation(i).returned, true, i});
      ++open_;
    }
    std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
      return std::tie(a.when, a.returns, a.operation) < std::tie(b.when, b.returns, b.operation);
    });
    calls_.resize(part_.size());
    returns_.resize(part_.size(), kHead);
    events_.resize(1);
    for (const Edge& edge : edges) {
      const std::size_t index = events_.size();
      (edge.returns ? returns_ : calls_)[edge.operation] = index;
      events_.push_back({edge.operation, !edge.returns, index - 1, kHead});
      events_[index - 1].next = index;
    }
    events_[kHead].previous = events_.size() - 1;
  }

  void unlink(std::size_t event) {
    events_[events_[event].previous].next = events_[event].next;
    events_[events_[event].next].previous = events_[event].previous;
  }
  void relink(std::size_t event) {
    events_[events_[event].previous].next = event;
    events_[events_[event].next].previous = event;
  }
  void flip(std::size_t operation) { placed_bits_[operation / 64] ^= 1ull << (operation % 64); }

  // What never returned is tried last: placed too early, it only gets in the way.
  void try_call() {
    const std::size_t index = events_[at_].operation;
    if (operation(index).indeterminate() != at_last_resort_ || !place(index, 0)) {
      at_ = events_[at_].next;
    }
  }

  bool place(std::size_t index, std::size_t first_alternative) {
    ++steps_;
    std::vector<State> states =
        successors(model_, state_, operation(index).input, operation(index).output);
    flip(index);
    for (std::size_t i = first_alternative; i < states.size(); ++i) {
      if (!is_new(states[i])) continue;
      order_.push_back({index, std::move(state_), i});
      state_ = std::move(states[i]);
      unlink(calls_[index]);
      if (returns_[index] != kHead) {
        unlink(returns_[index]);
        --open_;
      }
      go_to_first();
      return true;
    }
    flip(index);
    return false;
  }

  // Lowe's memo: the same operations placed and the same state need no second try.
  bool is_new(const State& state) {
    std::vector<State>& known = memo_[placed_bits_];
    if (std::find(known.begin(), known.end(), state) != known.end()) return false;
    known.push_back(state);
    return true;
  }

  void go_to_first() {
    at_ = events_[kHead].next;
    at_last_resort_ = false;
  }

  // Takes the last one back, and goes on with its next alternative, or with what stands behind it.
  bool back_up() {
    if (longest_.size() < order_.size() || !misfit_) keep_longest();
    if (order_.empty()) return false;
    Placed last = std::move(order_.back());
    order_.pop_back();
    flip(last.operation);
    state_ = std::move(last.before);
    if (returns_[last.operation] != kHead) {
      relink(returns_[last.operation]);
      ++open_;
    }
    relink(calls_[last.operation]);
    if (place(last.operation, last.alternative + 1)) return true;
    at_ = events_[calls_[last.operation]].next;
    at_last_resort_ = operation(last.operation).indeterminate();
    return true;
  }

  void keep_longest() {
    longest_.clear();
    for (const Placed& placed : order_) longest_.push_back(part_[placed.operation]);
    misfit_ = part_[events_[at_].operation];
  }

  void explain(LinearizabilityResult& result) {
    result.part = part_;
    result.order = longest_;
    result.misfit = misfit_;
  }

  const M& model_;
  const HistoryOf<M>& history_;
  const std::vector<std::size_t>& part_;
  std::vector<Event> events_;
  std::vector<std::size_t> calls_;    // By operation: its events.
  std::vector<std::size_t> returns_;  // kHead: never.
  std::size_t open_ = 0;              // Returned, not placed.
  std::size_t at_ = kHead;
  bool at_last_resort_ = false;
  State state_;
  Bits placed_bits_;
  std::vector<Placed> order_;
  std::unordered_map<Bits, std::vector<State>, BitsHash> memo_;  // Never iterated.
  std::uint64_t steps_ = 0;
  std::vector<std::size_t> longest_;
  std::optional<std::size_t> misfit_;
};

// The parts that are checked apart.
template <SequentialModel M>
[[nodiscard]] std::vector<std::vector<std::size_t>> parts_of(const M& model,
                                                             const HistoryOf<M>& history) {
  std::vector<std::vector<std::size_t>> parts;
  if constexpr (PartitionedModel<M>) {
    std::map<std::decay_t<decltype(model.key(history[0].input))>, std::size_t> places;
    for (std::size_t i = 0; i < history.size(); ++i) {
      const auto [place, is_new] = places.try_emplace(model.key(history[i].input), parts.size());
      if (is_new) parts.emplace_back();
      parts[place->second].push_back(i);
    }
  } else {
    parts.emplace_back();
    for (std::size_t i = 0; i < history.size(); ++i) parts.back().push_back(i);
  }
  return parts;
}

// `steps_max` is for each part. A part that is illegal goes before one that is unknown.
template <SequentialModel M>
[[nodiscard]] LinearizabilityResult check_linearizable(const M& model, const HistoryOf<M>& history,
                                                       std::uint64_t steps_max = kStepsMax) {
  LinearizabilityResult whole;
  for (const std::vector<std::size_t>& part : parts_of(model, history)) {
    LinearizabilityResult found = LinearizabilitySearch<M>(model, history, part).run(steps_max);
    found.steps += whole.steps;
    found.parts += whole.parts;
    const bool graver =
        found.verdict == Verdict::kIllegal || (found.verdict == Verdict::kUnknown && whole.ok());
    if (graver) whole = found;
    whole.steps = found.steps;
    whole.parts = found.parts;
    if (whole.verdict == Verdict::kIllegal) break;
  }
  return whole;
}

}  // namespace synod::simulation
