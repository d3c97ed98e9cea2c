// File: check_functions.hpp
//
// The functions that a check takes from its user, whatever they return; what does not fit is said
// in a sentence. Each is empty at first.
#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <synod/prng.hpp>
#include <synod/simulation/value_text.hpp>
#include <synod/types.hpp>

namespace synod::simulation {

// What a rule says: nothing, or what is wrong.
using Complaint = std::optional<std::string>;

[[nodiscard]] inline Complaint complaint_of(bool holds) {
  return holds ? Complaint() : Complaint("it does not hold");
}
[[nodiscard]] inline Complaint complaint_of(Complaint complaint) { return complaint; }

template <class F, class... Arguments>
concept Rule = requires(F& rule, Arguments... arguments) {
  { complaint_of(rule(arguments...)) } -> std::same_as<Complaint>;
};

// A state of one node, as it is after `applied`.
template <class S>
struct NodeState {
  NodeId node;
  RoundNum applied;
  const S& state;
};

// Makes the next entry: `Entry(synod::Prng&)`. An id that it leaves nil is given by the simulation.
template <class S>
class EntrySource {
 public:
  EntrySource() = default;
  template <class F>
  requires(!std::same_as<std::decay_t<F>, EntrySource>) EntrySource(F source) {
    constexpr bool kFits = std::is_invocable_r_v<typename S::Entry, F&, Prng&>;
    static_assert(
        kFits,
        "synod::simulation::check: .entries is a function `Entry(synod::Prng&)` that gives "
        "what is convertible to the state's Entry");
    if constexpr (kFits) source_ = std::move(source);
  }
  explicit operator bool() const { return source_ != nullptr; }
  [[nodiscard]] typename S::Entry operator()(Prng& prng) const { return source_(prng); }

 private:
  std::function<typename S::Entry(Prng&)> source_;
};

// What holds for a state after every round: `bool(const S&)`, or a function that gives what is
// wrong as a std::optional<std::string>.
template <class S>
class StateRule {
 public:
  StateRule() = default;
  template <class F>
  requires(!std::same_as<std::decay_t<F>, StateRule>) StateRule(F rule) {
    static_assert(
        Rule<F, const S&>,
        "synod::simulation::check: .invariant is a function of `const State&` that gives a "
        "bool, or what is wrong as a std::optional<std::string>");
    if constexpr (Rule<F, const S&>) {
      rule_ = [rule = std::move(rule)](const S& state) mutable {
        return complaint_of(rule(state));
      };
    }
  }
  explicit operator bool() const { return rule_ != nullptr; }
  [[nodiscard]] Complaint operator()(const S& state) const { return rule_(state); }

 private:
  std::function<Complaint(const S&)> rule_;
};

// What holds between the states of all nodes that run, each as far as it is.
template <class S>
class ClusterRule {
 public:
  using States = std::vector<NodeState<S>>;
  ClusterRule() = default;
  template <class F>
  requires(!std::same_as<std::decay_t<F>, ClusterRule>) ClusterRule(F rule) {
    static_assert(Rule<F, const States&>,
                  "synod::simulation::check: .across_nodes is a function of "
                  "`const std::vector<synod::simulation::NodeState<State>>&` that gives a bool, or "
                  "what is wrong as a std::optional<std::string>");
    if constexpr (Rule<F, const States&>) {
      rule_ = [rule = std::move(rule)](const States& states) mutable {
        return complaint_of(rule(states));
      };
    }
  }
  explicit operator bool() const { return rule_ != nullptr; }
  [[nodiscard]] Complaint operator()(const States& states) const { return rule_(states); }

 private:
  std::function<Complaint(const States&)> rule_;
};

// What a client reads: a function of `const S&`, or of that and a Prng& that says what to look at,
// and which gives anything that can be shown: with operator<<, or serialised. It must look at
// nothing else.
template <class S>
class StateReading {
 public:
  StateReading() = default;
  template <class F>
  requires(!std::same_as<std::decay_t<F>, StateReading>) StateReading(F reading) {
    constexpr bool kDraws = std::is_invocable_v<F&, const S&, Prng&>;
    static_assert(kDraws || std::is_invocable_v<F&, const S&>,
                  "synod::simulation::check: .read is a function of `const State&`, or of "
                  "`(const State&, synod::Prng&)`");
    if constexpr (kDraws) {
      keep([reading](const S& state, Prng& prng) { return reading(state, prng); });
    } else if constexpr (std::is_invocable_v<F&, const S&>) {
      keep([reading](const S& state, Prng&) { return reading(state); });
    }
  }
  explicit operator bool() const { return reading_ != nullptr; }
  // The same seed looks at the same.
  [[nodiscard]] std::string operator()(const S& state, std::uint64_t seed) const {
    Prng prng(seed);
    return reading_(state, prng);
  }

 private:
  template <class F>
  void keep(F reading) {
    using Value = std::decay_t<std::invoke_result_t<F&, const S&, Prng&>>;
    static_assert(
        Streamable<Value> || Serializable<Value>,
        "synod::simulation::check: what .read gives has neither operator<< nor serialize()");
    reading_ = [reading](const S& state, Prng& prng) { return text_of(reading(state, prng)); };
  }

  std::function<std::string(const S&, Prng&)> reading_;
};

}  // namespace synod::simulation
