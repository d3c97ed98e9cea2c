// Classes of faults in pairs, and what those that take memories must lead to.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <synod/simulation/cluster.hpp>

#include "simulation/exactly.hpp"

namespace synod::simulation {
namespace {

Faults faults_of(const std::string& names) {
  Faults faults;
  EXPECT_TRUE(faults.parse(names)) << names;
  return faults;
}

SimulationOptions options_of(const std::string& faults, std::uint64_t seed) {
  SimulationOptions options;
  options.seed = seed;
  options.nodes = seed % 3 == 0 ? 5 : 3;
  options.entries = 120;
  options.faults = faults_of(faults);
  options.exactly = true;
  return options;
}

std::uint64_t struck(const Report& report, Fault fault) {
  return report.struck[static_cast<std::size_t>(fault)];
}

class FaultPair : public testing::TestWithParam<const char*> {};

TEST_P(FaultPair, BreaksNothing) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const Report report = simulate(options_of(GetParam(), seed));
    EXPECT_TRUE(report.ok()) << report.text();
  }
}

INSTANTIATE_TEST_SUITE_P(Some, FaultPair,
                         testing::Values("rot,wipe", "rot,crash-all", "torn,crash-midway",
                                         "sync-lie,crash-all", "disk-full,restart-storm",
                                         "hung-disk,crash", "misdirected-write,misdirected-read",
                                         "wipe,restart-storm", "foreign-directory,wipe",
                                         "slow-apply,long-pause", "read-error,rot", "disk-full,rot",
                                         "sluggish-disk,partition"));

// A restart finds that no quorum of memories is left. What was acknowledged may be lost, so nothing
// goes on, nothing begins anew, and every node says so.
TEST(RotEverywhereTest, TheClusterStandsStillAndSaysWhy) {
  std::uint64_t stood_still = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Report report = simulate(options_of("rot-everywhere", seed));
    EXPECT_TRUE(report.ok()) << report.text();
    EXPECT_EQ(report.unrecoverable.empty(), struck(report, Fault::kRotEverywhere) == 0)
        << report.text();
    if (!report.unrecoverable.empty()) ++stood_still;
  }
  EXPECT_GT(stood_still, 3u);
}

// A node that was readmitted has a memory as good as any: it may be lost again, and all vote in the
// end.
// H12: rot costs a node its memory, and nothing else: it comes back unaided.
TEST(RotTest, WhatIsDetectedIsRepaired) {
  DamageCounts sum;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Report report = simulate(exactly("rot,crash", seed, 200));
    EXPECT_TRUE(report.ok()) << report.text();
    EXPECT_LE(report.damage.repaired, report.damage.detected);
    sum.bytes += report.damage.bytes;
    sum.detected += report.damage.detected;
    sum.repaired += report.damage.repaired;
  }
  EXPECT_GT(sum.bytes, sum.detected);
  EXPECT_GT(sum.repaired, 0u);
}

TEST(WipeTest, NodesAreWipedAgainAndAgain) {
  std::uint64_t most = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const Report report = simulate(options_of("wipe", seed));
    EXPECT_TRUE(report.ok()) << report.text();
    EXPECT_TRUE(report.unrecoverable.empty()) << report.text();
    most = std::max(most, struck(report, Fault::kWipe));
  }
  EXPECT_GT(most, 5u);
}

// Syncs that take up to most of a second, and clients that wait for less: leaders are patient for
// as long as a quorum's answer takes. Were they not, the slowest of these clusters would get
// nothing done.
TEST(SlowDiskTest, TheSlowestGetsSomethingDone) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SimulationOptions options = options_of("slow-disk", seed);
    options.nodes = 3;
    const Report report = simulate(options);
    EXPECT_TRUE(report.ok()) << report.text();
    EXPECT_GT(report.acknowledged, options.entries / 20) << report.text();
  }
}

// Nothing on a volume that was rolled back shows that it is old. The documentation forbids it, and
// this is why: if this ever stays green without the checks being blind, rollbacks are found out,
// and the documentation changes. Copies of files are found out, as every other class here.
TEST(VolumeRollbackTest, ForgottenVotesMayCostWhatWasAcknowledged) {
  bool lost = false;
  for (std::uint64_t seed = 1; seed <= 150 && !lost; ++seed) {
    SimulationOptions options = options_of("volume-rollback", seed);
    options.nodes = 3;
    options.entries = 150;
    const Report report = simulate(options);
    lost = !report.ok();
  }
  EXPECT_TRUE(lost);
  EXPECT_FALSE(Faults::everything().has(Fault::kVolumeRollback));
}

}  // namespace
}  // namespace synod::simulation
