#include <synod/probe.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "base/mutants.hpp"

namespace synod {
namespace {

// Sites by their place, as the macros find them.
constexpr std::size_t kMark = probe_internal::mark(kMarkNames[0]);
constexpr std::size_t kSite = probe_internal::buggify(kBuggifyNames[0]);

std::vector<bool> fires(Probes& probes, std::size_t site, int times) {
  std::vector<bool> answers;
  for (int i = 0; i < times; ++i) answers.push_back(probes.fires(site));
  return answers;
}

// The first seed with which `site` is active.
std::uint64_t seed_for(std::size_t site) {
  for (std::uint64_t seed = 1;; ++seed) {
    if (Probes(seed).is_active(site)) return seed;
  }
}

TEST(ProbeTest, IdleSitesDoNothing) {
  probe_internal::reach(kMark);
  EXPECT_FALSE(probe_internal::fires(kSite));
}

TEST(ProbeTest, MarksAreCountedWhereAScopeIsOpen) {
  Probes outer(1);
  Probes inner(1);
  const ProbeScope outside(outer);
  probe_internal::reach(kMark);
  {
    const ProbeScope inside(inner);
    probe_internal::reach(kMark);
    probe_internal::reach(kMark);
  }
  probe_internal::reach(kMark);
  EXPECT_EQ(outer.counts().marks[kMark], 2u);
  EXPECT_EQ(inner.counts().marks[kMark], 2u);
  EXPECT_EQ(outer.counts().marks_reached(), 1u);
}

TEST(ProbeTest, CountsAddUpAndNameWhatIsMissing) {
  ProbeCounts all;
  ProbeCounts one;
  one.marks[kMark] = 3;
  all.add(one);
  all.add(one);
  EXPECT_EQ(all.marks[kMark], 6u);
  EXPECT_EQ(all.text(), "1 of " + std::to_string(kMarkCount) + " marks, 0 of " +
                            std::to_string(kBuggifyCount) + " buggify sites");
  const std::string missing = all.unreached();
  EXPECT_EQ(missing.find("  " + std::string(kMarkNames[kMark]) + "\n"), std::string::npos);
  EXPECT_NE(missing.find("  " + std::string(kMarkNames[kMark + 1]) + "\n"), std::string::npos);
  EXPECT_NE(missing.find("  buggify " + std::string(kBuggifyNames[kSite])), std::string::npos);
}

TEST(ProbeTest, OneSeedFiresAlike) {
  const std::uint64_t seed = seed_for(kSite);
  Probes once(seed);
  Probes again(seed);
  // What other sites are asked meanwhile does not matter.
  (void)fires(again, kSite + 1, 17);
  EXPECT_EQ(fires(once, kSite, 200), fires(again, kSite, 200));
  EXPECT_GT(once.counts().fired[kSite], 0u);
}

TEST(ProbeTest, WithoutBuggifyNothingFires) {
  Probes probes(seed_for(kSite), false);
  const std::vector<bool> answers = fires(probes, kSite, 200);
  EXPECT_EQ(std::count(answers.begin(), answers.end(), true), 0);
}

TEST(ProbeTest, AQuarterOfTheSitesIsActiveAndFiresAQuarterOfTheTime) {
  std::uint64_t active = 0;
  std::uint64_t fired = 0;
  constexpr std::uint64_t kSeeds = 2000;
  constexpr int kAsked = 100;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    Probes probes(seed);
    if (!probes.is_active(kSite)) continue;
    ++active;
    const std::vector<bool> answers = fires(probes, kSite, kAsked);
    fired += static_cast<std::uint64_t>(std::count(answers.begin(), answers.end(), true));
  }
  EXPECT_NEAR(static_cast<double>(active) / kSeeds, 0.25, 0.04);
  EXPECT_NEAR(static_cast<double>(fired) / static_cast<double>(active * kAsked), 0.25, 0.02);
}

TEST(ProbeTest, NamesAreSortedAndDifferent) {
  const auto ascends = [](auto first, auto last) {
    return std::adjacent_find(first, last, std::greater_equal<>()) == last;
  };
  EXPECT_TRUE(ascends(std::begin(kMarkNames), std::end(kMarkNames)));
  EXPECT_TRUE(ascends(std::begin(kBuggifyNames), std::end(kBuggifyNames)));
}

TEST(MutantsTest, OnlyABuildThatHasThemHasThem) {
  EXPECT_FALSE(choose_mutant("no such mutant"));
  EXPECT_EQ(choose_mutant("quorum-minus-one"), has_mutants());
  EXPECT_EQ(SYNOD_MUTANT("quorum-minus-one"), has_mutants());
  EXPECT_FALSE(SYNOD_MUTANT("count-replies"));
}

}  // namespace
}  // namespace synod
