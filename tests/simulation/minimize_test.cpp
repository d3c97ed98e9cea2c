// A state machine that is wrong after a restart, and how small its failing run becomes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include <synod/simulation/minimize.hpp>

#include "simulation/broken_state.hpp"
#include "simulation/exactly.hpp"

namespace synod::simulation {
namespace {

using testing::HasSubstr;

// Each run gets a factory that begins anew. The state is broken where a crash strikes, and sound
// otherwise: some runs restart their nodes when they heal them, which is not what is looked for.
std::optional<Report> play(const SimulationOptions& options) {
  SimulationOptions broken = options;
  broken.state = broken_state(Wrong::kAfterRestart, options.nodes);
  Report report = simulate(broken);
  const bool crashes = std::any_of(report.strikes.begin(), report.strikes.end(),
                                   [](const Strike& each) { return each.fault == Fault::kCrash; });
  return crashes ? report : simulate(options);
}

SimulationOptions failing() {
  SimulationOptions options = exactly("loss,duplication,crash,pause,slow-disk", 9, 300);
  options.nodes = 5;
  return options;
}

TEST(MinimizeTest, KeepsOnlyWhatTheFailureNeeds) {
  std::vector<std::string> said;
  const std::optional<Minimized> minimized =
      minimize(failing(), play, [&](std::string_view line) { said.emplace_back(line); });
  ASSERT_TRUE(minimized);
  EXPECT_EQ(minimized->options.faults.text(), "crash") << minimized->text();
  ASSERT_EQ(minimized->after.strikes.size(), 1u);
  EXPECT_EQ(minimized->after.strikes.front().fault, Fault::kCrash);
  EXPECT_GT(minimized->before.strikes.size(), 10u);
  EXPECT_LT(minimized->options.entries, 30u);
  EXPECT_LT(minimized->options.nodes, 5u);
  EXPECT_GE(said.size(), 4u);
  // What it prints fails for the same reason when it is played again.
  const std::optional<Report> again = play(minimized->options);
  EXPECT_EQ(broken_invariant(*again), broken_invariant(minimized->before));
  EXPECT_EQ(again->trace_hash, minimized->after.trace_hash);
  EXPECT_EQ(again->replay, minimized->after.replay);
  EXPECT_THAT(again->replay, HasSubstr(" --strikes "));
}

TEST(MinimizeTest, LeavesARunAloneThatDoesNotFail) {
  const auto healthy = [](const SimulationOptions& options) { return simulate(options); };
  SimulationOptions options;
  options.entries = 10;
  options.faults = Faults::none();
  EXPECT_FALSE(minimize(options, healthy));
}

TEST(MinimizeTest, DoesNotTakeAnotherFailureForThisOne) {
  // Fewer than 20 entries break another invariant; nothing else matters.
  const auto fake = [](const SimulationOptions& options) {
    Report report;
    report.faults = options.faults.text();
    report.violations = {options.entries < 20 ? "I1: other" : "I3: this"};
    report.replay = replay_line(options);
    return report;
  };
  const std::optional<Minimized> minimized = minimize(SimulationOptions{}, fake);
  ASSERT_TRUE(minimized);
  EXPECT_EQ(minimized->options.entries, 20u);
  EXPECT_EQ(minimized->options.faults.text(), "none");
  EXPECT_EQ(minimized->options.nodes, 1u);
}

TEST(MinimizeTest, ARunThatDoesNotEndIsNoSmallerOne) {
  const auto fake = [](const SimulationOptions& options) -> std::optional<Report> {
    if (options.entries < 100) return std::nullopt;
    Report report;
    report.violations = {"I3: this"};
    return report;
  };
  EXPECT_EQ(minimize(SimulationOptions{}, fake)->options.entries, 100u);
}

// --- What a replay line rests on -----------------------------------------------------------------

SimulationOptions striking(const char* faults) {
  SimulationOptions options;
  options.seed = 9;
  options.entries = 400;
  options.exactly = true;
  (void)options.faults.parse(faults);
  return options;
}

TEST(StrikesTest, TheOthersStayWhereTheyAre) {
  const Report all = simulate(striking("crash,pause,partition"));
  ASSERT_GE(all.strikes.size(), 4u);
  SimulationOptions some = striking("crash,pause,partition");
  some.strikes = {all.strikes[1].index, all.strikes[3].index};
  const Report kept = simulate(some);
  ASSERT_GE(kept.strikes.size(), 1u);
  EXPECT_EQ(kept.strikes.front(), all.strikes[1]);
  if (kept.strikes.size() > 1) {
    EXPECT_EQ(kept.strikes[1], all.strikes[3]);
  }
}

TEST(StrikesTest, AClassThatIsTakenAwayLeavesThoseOfTheOthers) {
  const Report all = simulate(striking("crash,pause,partition"));
  const Report fewer = simulate(striking("crash,pause"));
  for (const Strike& strike : all.strikes) {
    if (strike.fault == Fault::kPartition) continue;
    if (strike.index > fewer.strikes.size()) break;
    EXPECT_EQ(fewer.strikes[strike.index - 1].fault, strike.fault) << strike.index;
  }
}

TEST(UntilTest, EndsTheRunAndDemandsNothing) {
  SimulationOptions options = striking("crash");
  options.until = std::chrono::milliseconds(700);
  const Report report = simulate(options);
  EXPECT_TRUE(report.ok()) << report.text();
  EXPECT_EQ(report.simulated, options.until);
  EXPECT_THAT(report.replay, HasSubstr("--until 700000us"));
}

}  // namespace
}  // namespace synod::simulation
