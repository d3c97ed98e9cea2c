// File: restored_copy.hpp
//
// A second state, restored from a snapshot of the first, that applies the same entries for a while,
// and a third, restored of the same snapshot. Where the copies do not agree with each other, the
// state is not deterministic; where they do, what tells them from the first is what serialize()
// forgot.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <synod/bytes.hpp>
#include <synod/entry.hpp>
#include <synod/simulation/check_functions.hpp>
#include <synod/simulation/value_text.hpp>
#include <synod/state_adapter.hpp>
#include <synod/types.hpp>

namespace synod::simulation {

// Where an object looks different in memory from two copies of it that look alike: there is
// something that the copies were not given, and no pointer. Empty where there is no such place.
[[nodiscard]] std::string members_not_restored(std::span<const std::byte> original,
                                               std::span<const std::byte> copy,
                                               std::span<const std::byte> another_copy);

// By its rule: S2 or S3 (synod/simulation/rehearsal.hpp).
struct CopyDifference {
  std::string rule;
  std::string text;
};

template <class S>
class RestoredCopy {
 public:
  using Outcome = typename S::Outcome;

  // For so many rounds the copy runs along.
  static constexpr std::uint64_t kRounds = 24;

  // `snapshot` is the original's after `round`, in which `id` took effect.
  RestoredCopy(const S& original, const Bytes& snapshot, RoundNum round, const EntryId& id)
      : taken_(round), same_until_(round), id_(id) {
    for (One* one : {&copy_, &twin_}) {
      one->adapter.on_applied(
          [one](const AppliedEffect<S>& effect) { one->outcome = effect.outcome; });
      (void)one->adapter.load(snapshot);
    }
    look_into_memory(original);
  }
  RestoredCopy(const RestoredCopy&) = delete;
  RestoredCopy& operator=(const RestoredCopy&) = delete;

  void apply(RoundNum round, const Entry& entry) {
    for (One* one : {&copy_, &twin_}) {
      one->outcome.reset();
      (void)one->adapter.apply(round, entry);
    }
  }
  void skip(RoundNum round, const Entry& entry, SkipReason reason) {
    for (One* one : {&copy_, &twin_}) {
      one->outcome.reset();
      one->adapter.skip(round, entry, reason);
    }
  }
  [[nodiscard]] bool is_over(RoundNum round) const { return round.above(taken_) >= kRounds; }

  // What tells it from the original after `round`, if anything. `snapshot`: the original's, null
  // where it was not looked at; then the states themselves are not compared.
  [[nodiscard]] std::optional<CopyDifference> difference(const StateAdapter<S>& original,
                                                         RoundNum round,
                                                         const std::optional<Outcome>& outcome,
                                                         const Bytes* snapshot,
                                                         const StateReading<S>& read) {
    if (copy_.adapter.state() == nullptr) return forgetful("does not load");
    Complaint found = different_outcome(outcome);
    if (!found && snapshot != nullptr) found = different_state(original, *snapshot);
    if (!found) found = different_answers(original, round, read);
    if (found) return copies_agree() ? forgetful(*found) : capricious();
    same_until_ = round;
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kObjectBytesMax = 4096;

  struct One {
    StateAdapter<S> adapter{nullptr};
    std::optional<Outcome> outcome;
  };

  void look_into_memory(const S& original) {
    const bool loaded = copy_.adapter.state() != nullptr && twin_.adapter.state() != nullptr;
    if (!loaded || sizeof(S) > kObjectBytesMax) return;
    forgotten_ = members_not_restored(object(original), object(*copy_.adapter.state()),
                                      object(*twin_.adapter.state()));
  }
  [[nodiscard]] static Bytes object(const S& state) {
    Bytes bytes(sizeof(S));
    std::memcpy(bytes.data(), static_cast<const void*>(&state), sizeof(S));
    return bytes;
  }
  [[nodiscard]] static bool same_outcomes(const std::optional<Outcome>& a,
                                          const std::optional<Outcome>& b) {
    return a.has_value() == b.has_value() && (!a || same_values(*a, *b));
  }
  [[nodiscard]] static std::string shown(const std::optional<Outcome>& outcome) {
    return outcome ? text_of(*outcome) : "none";
  }

  [[nodiscard]] Complaint different_outcome(const std::optional<Outcome>& outcome) const {
    if (same_outcomes(outcome, copy_.outcome)) return std::nullopt;
    return "gives the outcome " + shown(copy_.outcome) + ", the original " + shown(outcome);
  }
  [[nodiscard]] Complaint different_state(const StateAdapter<S>& original,
                                          const Bytes& snapshot) const {
    if constexpr (std::equality_comparable<S>) {
      if (*original.state() == *copy_.adapter.state()) return std::nullopt;
      return "is not equal to the original, as operator== says";
    } else {
      Bytes own;
      if (copy_.adapter.save(own) && own == snapshot) return std::nullopt;
      return "has another snapshot than the original, " + first_difference(own, snapshot) +
             " (if that is only the order of an unordered container, give the state an operator==)";
    }
  }
  [[nodiscard]] Complaint different_answers(const StateAdapter<S>& original, RoundNum round,
                                            const StateReading<S>& read) const {
    const StateAdapter<S>& copy = copy_.adapter;
    if (original.digest() != copy.digest()) return "has another digest() than the original";
    if (original.concurrency() != copy.concurrency()) {
      return "has another concurrency() than the original";
    }
    if (original.repeat(id_).has_value() != copy.repeat(id_).has_value()) {
      return "answers repeat() otherwise than the original";
    }
    if (!read) return std::nullopt;
    const std::string here = read(*copy.state(), round.value());
    const std::string there = read(*original.state(), round.value());
    if (here == there) return std::nullopt;
    return "is read as " + here + ", the original as " + there;
  }

  [[nodiscard]] bool copies_agree() const {
    Bytes of_copy;
    Bytes of_twin;
    return same_outcomes(copy_.outcome, twin_.outcome) && copy_.adapter.save(of_copy) &&
           twin_.adapter.save(of_twin) && of_copy == of_twin;
  }
  [[nodiscard]] CopyDifference forgetful(const std::string& what) const {
    std::string text = "a copy restored from the snapshot of r" + to_string(taken_) + " " + what;
    if (same_until_ != taken_) text += "; up to r" + to_string(same_until_) + " they were alike";
    text += ". serialize() forgets or changes something";
    if (!forgotten_.empty()) text += ": " + forgotten_;
    return {"S3", text};
  }
  [[nodiscard]] CopyDifference capricious() const {
    std::string text = "two copies of one snapshot did not do the same with the same entries";
    if (!same_outcomes(copy_.outcome, twin_.outcome)) {
      text += ": the outcomes are " + shown(copy_.outcome) + " and " + shown(twin_.outcome);
    }
    return {"S2", text + ". apply() looks at something that is neither the state nor the entry"};
  }

  One copy_;
  One twin_;
  RoundNum taken_;
  RoundNum same_until_;
  EntryId id_;
  std::string forgotten_;
};

}  // namespace synod::simulation
