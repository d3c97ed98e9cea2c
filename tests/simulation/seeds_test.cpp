// Whole clusters from seeds: a fixed list, one that is new each time, and twice the same.
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>

#include <synod/simulation/cluster.hpp>

namespace synod::simulation {
namespace {

SimulationOptions options_of(std::uint64_t seed, std::uint64_t nodes) {
  SimulationOptions options;
  options.seed = seed;
  options.nodes = nodes;
  options.entries = 200;
  return options;
}

constexpr std::uint64_t kSeedsEach = 10;

class Seeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Seeds, KeepEveryInvariant) {
  for (std::uint64_t i = 0; i < kSeedsEach; ++i) {
    const std::uint64_t seed = GetParam() * kSeedsEach + i;
    constexpr std::uint64_t kSizes[] = {3, 3, 5, 3, 4, 3, 1, 3, 2, 7};
    const Report report = simulate(options_of(seed, kSizes[i]));
    EXPECT_TRUE(report.ok()) << report.text();
    EXPECT_TRUE(report.chosen > 0 || !report.unrecoverable.empty()) << report.text();
  }
}

INSTANTIATE_TEST_SUITE_P(Fixed, Seeds, testing::Range<std::uint64_t>(1, 61));

// Seeds that once failed, each with what it had found.
TEST(FoundSeedsTest, AReadOfANodeThatStartedFromItsOwnSnapshotAndAppliedNothingSince) {
  SimulationOptions options;
  options.seed = 1882443810359503;
  const Report report = simulate(options);
  EXPECT_TRUE(report.ok()) << report.text();
}

class QuorumFounds : public testing::TestWithParam<std::uint64_t> {};

// Some nodes come late, or faults strike while the cluster is founded; no disk is lost before all
// hold the genesis map.
TEST_P(QuorumFounds, KeepsEveryInvariant) {
  for (std::uint64_t i = 0; i < kSeedsEach; ++i) {
    const std::uint64_t seed = GetParam() * kSeedsEach + i;
    constexpr std::uint64_t kSizes[] = {3, 3, 5, 3, 4, 3, 1, 3, 2, 7};
    SimulationOptions options = options_of(seed, kSizes[i]);
    options.entries = 100;
    options.replica.founding = FoundingRule::kQuorum;
    const Report report = simulate(options);
    EXPECT_TRUE(report.ok()) << report.text();
    // Not `rounds`: where all memories were destroyed since, nobody has any.
    EXPECT_GT(report.chosen, 0u) << report.text();
  }
}

INSTANTIATE_TEST_SUITE_P(Fixed, QuorumFounds, testing::Range<std::uint64_t>(1, 11));

TEST(FreshSeedTest, KeepsEveryInvariant) {
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  const Report report = simulate(options_of(static_cast<std::uint64_t>(now), 3));
  std::cout << report.text() << "\n  replay: " << report.replay << "\n";
  EXPECT_TRUE(report.ok()) << report.text();
}

TEST(DeterminismTest, OneSeedGivesOneHistory) {
  for (const std::uint64_t seed : {3u, 14u, 159u}) {
    const Report once = simulate(options_of(seed, 3));
    const Report again = simulate(options_of(seed, 3));
    EXPECT_EQ(once.trace_hash, again.trace_hash) << "seed " << seed;
    EXPECT_EQ(once.messages, again.messages) << "seed " << seed;
  }
}

// One run reaches some marks; a hundred reach most, and what buggify changes is another history.
TEST(ProbesTest, ARunSaysWhatItReached) {
  const Report with = simulate(options_of(17, 3));
  EXPECT_GT(with.probes.marks_reached(), 10u);
  EXPECT_NE(with.text().find(with.probes.text()), std::string::npos);
  SimulationOptions plain = options_of(17, 3);
  plain.buggify = false;
  const Report without = simulate(plain);
  EXPECT_TRUE(without.ok()) << without.text();
  EXPECT_EQ(without.probes.sites_fired(), 0u);
  EXPECT_NE(without.replay.find("--no-buggify"), std::string::npos);
}

// Each was red once; what it found is said where it is guarded.
TEST(RegressionTest, SeedsThatFoundSomething) {
  for (const std::uint64_t seed : {17u, 34u, 49u, 73u, 113u, 168u}) {
    SimulationOptions options = options_of(seed, 3);
    options.entries = 300;
    const Report report = simulate(options);
    EXPECT_TRUE(report.ok()) << report.text();
  }
}

TEST(DeterminismTest, AnotherSeedGivesAnother) {
  EXPECT_NE(simulate(options_of(3, 3)).trace_hash, simulate(options_of(4, 3)).trace_hash);
}

TEST(DeterminismTest, TheTraceItselfChangesNothing) {
  std::uint64_t lines = 0;
  SimulationOptions traced = options_of(3, 3);
  traced.trace = [&](std::string_view) { ++lines; };
  EXPECT_EQ(simulate(traced).trace_hash, simulate(options_of(3, 3)).trace_hash);
  EXPECT_GT(lines, 1000u);
}

}  // namespace
}  // namespace synod::simulation
