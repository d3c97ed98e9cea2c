// The checker itself: histories whose verdict is known because a person, or every possible order,
// says so; histories that were right before something in them was changed; and its budget.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include <synod/prng.hpp>
#include <synod/simulation/register_model.hpp>
#include <synod/simulation/round_order.hpp>

namespace synod::simulation {
namespace {

// "W1[1,2] R1[3,4] C1>2y[5,6] C1>3n[5,) R?[7,8] bW1[1,2]": writes 1, reads 1, replaces 1 by 2
// (done), 1 by 3 (refused, or for all that anyone knows never returned), reads something, writes 1
// at key b.
RegisterHistory parse(std::string_view text) {
  RegisterHistory history;
  std::size_t at = 0;
  const auto number = [&] {
    std::uint64_t value = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      value = 10 * value + static_cast<std::uint64_t>(text[at++] - '0');
    }
    return value;
  };
  while (at < text.size()) {
    RegisterOperation operation;
    operation.client = history.size();
    const std::uint64_t key =
        text[at] >= 'a' && text[at] <= 'z' ? static_cast<std::uint64_t>(text[at++] - 'a') : 0;
    const char kind = text[at++];
    if (kind == 'W') {
      operation.input = write_of(key, number());
    } else if (kind == 'R') {
      operation.input = read_of(key);
      if (text[at] == '?') {
        ++at;
      } else {
        operation.output = number();
      }
    } else {
      const std::uint64_t expected = number();
      ++at;  // >
      operation.input = replace_of(key, expected, number());
      const char answer = text[at++];
      if (answer != '?') operation.output = answer == 'y' ? 1 : 0;
    }
    ++at;  // [
    operation.invoked = number();
    ++at;  // ,
    if (text[at] != ')') operation.returned = number();
    at += 2;  // ] or ), and the blank
    history.push_back(operation);
  }
  return history;
}

struct Label {
  const char* history;
  bool linearizable;
};

// By hand.
constexpr Label kLabels[] = {
    {"", true},
    {"R0[1,2]", true},
    {"R1[1,2]", false},
    {"W1[1,2]", true},
    {"W1[1,2] R1[3,4]", true},
    {"W1[1,2] R0[3,4]", false},
    {"W1[1,4] R0[2,3]", true},
    {"W1[1,4] R1[2,3]", true},
    {"W1[1,2] R1[2,3]", true},  // They touch: they overlap.
    {"W1[1,2] R0[2,3]", true},
    {"R1[1,2] W1[2,3]", true},
    {"R1[1,2] W1[3,4]", false},  // From the future.
    {"W1[1,2] W2[3,4] R1[5,6]", false},
    {"W1[1,2] W2[3,4] R2[5,6]", true},
    {"W1[1,4] W2[2,3] R1[5,6]", true},
    {"W1[1,4] W2[2,3] R2[5,6]", true},
    {"W1[1,4] W2[2,3] R0[5,6]", false},
    {"W1[1,10] R1[2,3] R0[4,5]", false},  // Back in time.
    {"W1[1,10] R0[2,3] R1[4,5]", true},
    {"W1[1,10] R1[2,5] R0[4,6]", true},  // The two reads overlap.
    {"W1[1,10] W2[1,10] R1[2,3] R2[4,5]", true},
    {"W1[1,10] W2[1,10] R1[2,3] R2[4,5] R1[6,7]", false},
    {"W1[1,3] W2[2,5] R1[6,7] R2[8,9]", false},
    {"W1[1,3] W2[2,5] R1[6,7] R1[8,9]", true},
    {"W1[1,2] R1[3,10] R1[4,5] W2[6,7] R2[8,9]", true},
    {"W1[1,2] W2[3,10] R2[4,5] R1[6,7]", false},
    {"W1[1,2] W2[3,10] R1[4,5] R2[6,7]", true},
    // What never returned.
    {"W1[1,) R0[2,3]", true},
    {"W1[1,) R1[2,3]", true},
    {"W1[1,) R0[2,3] R1[4,5]", true},
    {"W1[1,) R1[2,3] R0[4,5]", false},
    {"W1[1,) W2[2,3] R1[4,5]", true},  // Later than 2.
    {"W1[1,) W2[2,3] R1[4,5] R2[6,7]", false},
    {"W1[1,) W2[2,3] R2[4,5] R1[6,7]", true},
    {"W1[5,) R1[2,3]", false},  // Not asked for yet.
    {"W1[1,) W2[1,) R2[3,4] R1[5,6]", true},
    {"W1[1,) W2[1,) R1[3,4] R2[5,6] R1[7,8]", false},
    {"W1[1,) R?[2,3] R0[4,5]", true},
    {"R?[1,2] R?[3,4]", true},
    {"R?[1,)", true},
    // Replacements.
    {"C0>1y[1,2] R1[3,4]", true},
    {"C0>1n[1,2]", false},
    {"C1>2n[1,2] R0[3,4]", true},
    {"C1>2y[1,2]", false},
    {"C0>1y[1,4] C0>2y[2,3]", false},  // Both cannot have found 0.
    {"C0>1y[1,4] C0>2n[2,3]", true},
    {"C0>1n[1,4] C0>2y[2,3] R2[5,6]", true},
    {"C0>1n[1,4] C0>2y[2,3] R1[5,6]", false},
    {"C0>1y[1,2] C1>2y[3,4] C2>3y[5,6] R3[7,8]", true},
    {"C0>1y[1,2] C2>3y[3,4] C1>2y[5,6]", false},
    {"C0>1y[1,6] C2>3y[1,6] C1>2y[1,6] R3[7,8]", true},
    {"C0>1?[1,) R1[2,3]", true},
    {"C0>1?[1,) R0[2,3] R1[4,5]", true},
    {"C0>1?[1,) C0>2y[2,3] R1[4,5]", false},
    {"C0>1?[1,) C0>2n[2,3] R1[4,5]", true},
    {"W5[1,2] C0>1?[3,) R1[4,5]", false},
    {"W5[1,2] C0>1?[3,) W0[4,5] R1[6,7]", true},
    {"C0>1?[1,4] R0[5,6]", false},  // It returned: it has done whatever it did.
    {"C1>2y[1,)", true},            // It never took effect.
    {"W5[1,) C5>6n[2,3] R0[4,5]", true},
    {"W5[1,) C5>6y[2,3] R6[4,5]", true},
    {"W5[1,) C5>6y[2,3] R0[4,5]", false},
    {"W7[1,2] W5[3,) C5>6n[4,5] R7[6,7]", true},
    {"W7[1,2] W5[3,) C5>6?[4,) R6[6,7]", true},
    // By key.
    {"aW1[1,2] bR0[3,4] aR1[5,6]", true},
    {"aW1[1,2] bR1[3,4]", false},
    {"aW1[1,2] bW2[3,4] aR1[5,6] bR2[7,8] cR0[9,10]", true},
    {"aW1[1,2] bW2[3,4] aR1[5,6] bR0[7,8]", false},
    {"aW1[1,) bW2[1,) aR1[2,3] bR2[2,3] aR0[4,5]", false},
};

std::string shown(const RegisterHistory& history) {
  std::string text;
  for (const RegisterOperation& each : history) text += "\n  " + to_string(each);
  return text;
}

bool linearizable(const RegisterHistory& history) {
  const LinearizabilityResult result = check_linearizable(RegisterModel(), history);
  EXPECT_NE(result.verdict, Verdict::kUnknown) << shown(history);
  return result.ok();
}

TEST(LinearizabilityTest, AgreesWithEveryLabel) {
  for (const Label& label : kLabels) {
    const RegisterHistory history = parse(label.history);
    EXPECT_EQ(linearizable(history), label.linearizable) << label.history << shown(history);
  }
}

TEST(LinearizabilityTest, BoundsByReadsChangeNoLabel) {
  for (const Label& label : kLabels) {
    EXPECT_EQ(linearizable(bound_by_reads(parse(label.history))), label.linearizable)
        << label.history;
  }
}

TEST(LinearizabilityTest, SaysWhatFitsNowhere) {
  const RegisterHistory history = parse("W1[1,2] W2[3,4] R1[5,6]");
  const LinearizabilityResult result = check_linearizable(RegisterModel(), history);
  ASSERT_TRUE(result.misfit.has_value());
  EXPECT_EQ(*result.misfit, 2u);
  EXPECT_EQ(describe(result, history),
            "not linearizable, after 5 steps: client 2 reads k0: 1 [5, 6] fits nowhere behind\n"
            "    client 0 writes k0=1 [1, 2]\n"
            "    client 1 writes k0=2 [3, 4]");
}

// --- Against every possible order ----------------------------------------------------------------

// Places operations one by one in every way that time allows.
bool any_order(const RegisterHistory& history, std::vector<bool>& placed, std::uint64_t state) {
  bool complete = true;
  for (std::size_t i = 0; i < history.size(); ++i) {
    complete = complete && (placed[i] || history[i].indeterminate());
  }
  if (complete) return true;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (placed[i]) continue;
    bool may_be_next = true;
    for (std::size_t k = 0; k < history.size(); ++k) {
      may_be_next = may_be_next && (placed[k] || history[k].returned >= history[i].invoked);
    }
    if (!may_be_next) continue;
    const auto next = RegisterModel::step(state, history[i].input, history[i].output);
    if (!next) continue;
    placed[i] = true;
    if (any_order(history, placed, *next)) return true;
    placed[i] = false;
  }
  return false;
}

RegisterHistory any_history(Prng& prng) {
  RegisterHistory history;
  const std::uint64_t size = 1 + prng.below(7);
  for (std::uint64_t i = 0; i < size; ++i) {
    RegisterOperation operation;
    operation.client = i;
    operation.invoked = 1 + prng.below(12);
    if (prng.below(4) != 0) operation.returned = operation.invoked + prng.below(8);
    const std::uint64_t kind = prng.below(5);
    if (kind < 2) {
      operation.input = write_of(0, 1 + prng.below(3));
    } else if (kind < 4) {
      operation.input = read_of(0);
      if (!operation.indeterminate()) operation.output = prng.below(4);
    } else {
      operation.input = replace_of(0, prng.below(3), 1 + prng.below(3));
      if (!operation.indeterminate() && prng.below(4) != 0) operation.output = prng.below(2);
    }
    history.push_back(operation);
  }
  return history;
}

TEST(LinearizabilityTest, AgreesWithEveryOrderOfSmallHistories) {
  Prng prng(11);
  std::uint64_t right = 0;
  constexpr std::uint64_t kHistories = 20'000;
  for (std::uint64_t i = 0; i < kHistories; ++i) {
    const RegisterHistory history = any_history(prng);
    std::vector<bool> placed(history.size());
    const bool expected = any_order(history, placed, 0);
    right += expected ? 1 : 0;
    ASSERT_EQ(linearizable(history), expected) << shown(history);
  }
  EXPECT_GT(right, kHistories / 5);
  EXPECT_LT(right, kHistories * 4 / 5);
}

// --- Histories that were made right, and then wrong ----------------------------------------------

struct Made {
  RegisterHistory history;
  std::vector<RoundPlace> places;
};

// Clients of one real register, each operation taking effect somewhere between its two moments. All
// written values differ.
Made make_right(Prng& prng, std::uint64_t clients, std::uint64_t operations) {
  Made made;
  std::uint64_t state = 0;
  std::uint64_t round = 0;
  std::uint64_t now = 0;
  std::vector<std::optional<std::size_t>> busy(clients);
  std::vector<bool> has_effect;
  while (made.history.size() < operations) {
    ++now;
    const std::uint64_t client = prng.below(clients);
    if (!busy[client]) {
      busy[client] = made.history.size();
      RegisterOperation operation{.client = client, .invoked = now};
      if (prng.below(2) == 0) operation.input = write_of(0, operations + now);
      made.history.push_back(operation);
      made.places.push_back({.invoked = now});
      has_effect.push_back(false);
      continue;
    }
    const std::size_t index = *busy[client];
    RegisterOperation& operation = made.history[index];
    if (!has_effect[index]) {
      has_effect[index] = true;
      const bool writes = operation.input.kind == RegisterModel::Input::Kind::kWrite;
      if (writes) state = operation.input.value;
      if (writes) ++round;
      if (!writes) operation.output = state;
      made.places[index].round = RoundNum(round);
      made.places[index].reads = !writes;
    } else {
      operation.returned = made.places[index].returned = now;
      busy[client].reset();
    }
  }
  // What has had no effect yet is left out; what has, and did not return, stays.
  Made kept;
  for (std::size_t i = 0; i < made.history.size(); ++i) {
    const bool read = made.history[i].input.kind == RegisterModel::Input::Kind::kRead;
    if (!has_effect[i] || (read && made.history[i].indeterminate())) continue;
    kept.history.push_back(made.history[i]);
    kept.places.push_back(made.places[i]);
  }
  return kept;
}

// A read that saw a value which another write had surely overwritten: w returned before v was
// invoked, v returned before the read was. False: there is none to change.
bool make_stale(RegisterHistory& history) {
  for (std::size_t read = history.size(); read-- > 0;) {
    if (!history[read].output) continue;
    for (const RegisterOperation& later : history) {
      const bool overwrote = later.input.value != 0 && later.returned < history[read].invoked;
      if (!overwrote) continue;
      for (const RegisterOperation& earlier : history) {
        if (earlier.input.value == 0 || earlier.returned >= later.invoked) continue;
        history[read].output = earlier.input.value;
        return true;
      }
    }
  }
  return false;
}

TEST(LinearizabilityTest, GeneratedHistoriesPassAndTheirMutantsDoNot) {
  std::uint64_t mutants = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Prng prng(seed);
    const Made made = make_right(prng, 2 + prng.below(6), 150);
    EXPECT_TRUE(linearizable(made.history)) << "seed " << seed;
    EXPECT_FALSE(check_round_order(RegisterModel(), made.history, made.places)) << "seed " << seed;

    RegisterHistory stale = made.history;
    ASSERT_TRUE(make_stale(stale)) << "seed " << seed;
    EXPECT_FALSE(linearizable(stale)) << "seed " << seed;
    EXPECT_TRUE(check_round_order(RegisterModel(), stale, made.places)) << "seed " << seed;

    RegisterHistory invented = made.history;
    for (RegisterOperation& each : invented) {
      if (each.output) each.output = 1;  // Nobody wrote it.
    }
    EXPECT_FALSE(linearizable(invented)) << "seed " << seed;
    mutants += 2;
  }
  EXPECT_GE(mutants, 100u);
}

TEST(LinearizabilityTest, BoundsByReadsChangeNoVerdict) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Prng prng(seed);
    RegisterHistory history = make_right(prng, 4, 60).history;
    for (RegisterOperation& each : history) {
      // Some writes lose their answer.
      if (each.input.value != 0 && prng.below(5) == 0) each.returned = RegisterOperation::kNever;
    }
    EXPECT_TRUE(linearizable(history)) << "seed " << seed;
    EXPECT_TRUE(linearizable(bound_by_reads(history))) << "seed " << seed;
    if (!make_stale(history)) continue;
    EXPECT_FALSE(linearizable(history)) << "seed " << seed;
    EXPECT_FALSE(linearizable(bound_by_reads(history))) << "seed " << seed;
  }
}

// --- The budget ----------------------------------------------------------------------------------

// Everybody writes at once and never hears; then somebody reads what was never written.
RegisterHistory hard() {
  RegisterHistory history;
  for (std::uint64_t i = 1; i <= 12; ++i) {
    history.push_back({.client = i, .input = write_of(0, i), .invoked = i});
  }
  history.push_back(
      {.client = 13, .input = read_of(0), .output = 99, .invoked = 20, .returned = 21});
  return history;
}

TEST(LinearizabilityTest, ABudgetThatRunsOutIsAnAnswerOfItsOwn) {
  const LinearizabilityResult poor = check_linearizable(RegisterModel(), hard(), 1000);
  EXPECT_EQ(poor.verdict, Verdict::kUnknown);
  EXPECT_FALSE(poor.ok());
  EXPECT_EQ(poor.steps, 1000u);
  const LinearizabilityResult rich = check_linearizable(RegisterModel(), hard(), 10'000'000);
  EXPECT_EQ(rich.verdict, Verdict::kIllegal);
}

TEST(LinearizabilityTest, AnUnknownPartDoesNotHideAnIllegalOne) {
  RegisterHistory history = hard();
  for (RegisterOperation each : parse("bR5[1,2]")) history.push_back(each);
  EXPECT_EQ(check_linearizable(RegisterModel(), history, 1000).verdict, Verdict::kIllegal);
}

TEST(LinearizabilityTest, TheMemoKeepsTheSearchSmall) {
  // 2^12 sets of writes with at most 12 values each, and a step for each next one: without the memo
  // there are 12! orders.
  const LinearizabilityResult result = check_linearizable(RegisterModel(), hard(), 10'000'000);
  EXPECT_LT(result.steps, 500'000u);
}

// --- A model that does not know its state --------------------------------------------------------

// A coin: throwing it gives nobody an answer, looking at it does.
struct Coin {
  using State = int;
  using Input = bool;  // Whether it is thrown.
  using Output = int;
  [[nodiscard]] static State initial() { return 0; }
  [[nodiscard]] static std::vector<State> step(State state, bool thrown,
                                               const std::optional<int>& output) {
    if (thrown) return {0, 1};
    return !output || *output == state ? std::vector<State>{state} : std::vector<State>{};
  }
};

TEST(LinearizabilityTest, TriesEveryStateOfAModelThatHasMany) {
  HistoryOf<Coin> history = {{.input = true, .invoked = 1, .returned = 2},
                             {.input = false, .output = 1, .invoked = 3, .returned = 4}};
  EXPECT_TRUE(check_linearizable(Coin(), history).ok());
  history.push_back({.input = false, .output = 0, .invoked = 5, .returned = 6});
  EXPECT_FALSE(check_linearizable(Coin(), history).ok());
  history.push_back({.input = true, .invoked = 4, .returned = 5});
  EXPECT_TRUE(check_linearizable(Coin(), history).ok());
}

// --- By rounds -----------------------------------------------------------------------------------

using Fault = RoundOrderFault::Kind;

std::optional<Fault> fault_of(const std::vector<RoundPlace>& places) {
  const std::optional<RoundOrderFault> found = find_disorder(places);
  return found ? std::optional<Fault>(found->kind) : std::nullopt;
}

TEST(RoundOrderTest, FollowsTime) {
  EXPECT_EQ(fault_of({{RoundNum(1), false, 1, 2}, {RoundNum(2), false, 3, 4}}), std::nullopt);
  EXPECT_EQ(fault_of({{RoundNum(2), false, 1, 2}, {RoundNum(1), false, 3, 4}}),
            Fault::kAgainstTime);
  EXPECT_EQ(fault_of({{RoundNum(2), false, 1, 3}, {RoundNum(1), false, 3, 4}}), std::nullopt);
  EXPECT_EQ(fault_of({{RoundNum(2), false, 1}, {RoundNum(1), false, 3, 4}}), std::nullopt);
}

TEST(RoundOrderTest, AReadStandsBehindItsRound) {
  EXPECT_EQ(fault_of({{RoundNum(1), true, 1, 2}, {RoundNum(1), true, 3, 4}}), std::nullopt);
  EXPECT_EQ(fault_of({{RoundNum(1), false, 1, 2}, {RoundNum(1), true, 3, 4}}), std::nullopt);
  EXPECT_EQ(fault_of({{RoundNum(1), true, 1, 2}, {RoundNum(1), false, 3, 4}}), Fault::kAgainstTime);
  EXPECT_EQ(fault_of({{RoundNum(2), true, 1, 2}, {RoundNum(1), true, 3, 4}}), Fault::kAgainstTime);
}

TEST(RoundOrderTest, ARoundHasRoomForOne) {
  EXPECT_EQ(fault_of({{RoundNum(1), false, 1, 4}, {RoundNum(1), false, 1, 4}}),
            Fault::kTwoInOneRound);
}

TEST(RoundOrderTest, AnswersAreReplayed) {
  const RegisterHistory history = parse("W1[1,9] W2[1,9] R1[1,9]");
  std::vector<RoundPlace> places = {
      {RoundNum(1), false, 1, 9}, {RoundNum(2), false, 1, 9}, {RoundNum(1), true, 1, 9}};
  EXPECT_FALSE(check_round_order(RegisterModel(), history, places));
  places[2].round = RoundNum(2);
  const auto found = check_round_order(RegisterModel(), history, places);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, Fault::kWrongAnswer);
  EXPECT_EQ(found->first, 2u);
}

}  // namespace
}  // namespace synod::simulation
