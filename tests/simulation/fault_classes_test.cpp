// Every class of faults alone, with what it needs: it strikes, and nothing breaks.
#include <gtest/gtest.h>

#include <vector>

#include <synod/simulation/cluster.hpp>

namespace synod::simulation {
namespace {

class FaultClassTest : public testing::TestWithParam<std::size_t> {
 protected:
  [[nodiscard]] static Fault fault() { return static_cast<Fault>(GetParam()); }
};

// Changes of members need somebody who comes and somebody who goes; what was not synced is lost
// when the power fails.
void add_what_it_needs(Fault fault, Faults& faults) {
  if (fault == Fault::kUnsynced || fault == Fault::kTorn) {
    faults.set(Fault::kCrashMidway);
    faults.set(Fault::kCrashAll);
  }
  if (fault == Fault::kSwap || fault == Fault::kGrow) {
    faults.set(Fault::kLeave);
    faults.set(Fault::kGrow);
  }
}

TEST_P(FaultClassTest, StrikesAndBreaksNothing) {
  constexpr std::uint64_t kSeedsMin = 3;
  constexpr std::uint64_t kSeedsMax = 40;
  std::uint64_t struck = 0;
  for (std::uint64_t seed = 1; seed <= kSeedsMin || (seed <= kSeedsMax && struck == 0); ++seed) {
    SimulationOptions options;
    options.seed = seed;
    options.nodes = seed == 1 ? 5 : 3;
    // Changes of members are few: they need some time.
    const bool is_change = fault() >= Fault::kJoin && fault() <= Fault::kWindow;
    options.entries = is_change ? 600 : 150;
    options.faults = Faults::none();
    options.faults.set(fault());
    add_what_it_needs(fault(), options.faults);
    options.exactly = true;
    const Report report = simulate(options);
    EXPECT_TRUE(report.ok()) << report.text();
    if (fault() != Fault::kRotEverywhere) {
      EXPECT_EQ(report.unrecoverable, "") << report.text();
    }
    struck += report.struck[GetParam()];
  }
  EXPECT_GT(struck, 0u);
}

std::string name_of(const testing::TestParamInfo<std::size_t>& info) {
  std::string name(to_string(static_cast<Fault>(info.param)));
  for (char& each : name) {
    if (each == '-') each = '_';
  }
  return name;
}

// All but a rollback, of which nothing is promised: see VolumeRollbackTest.
std::vector<std::size_t> promised() {
  std::vector<std::size_t> faults;
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (Faults::everything().has(static_cast<Fault>(i))) faults.push_back(i);
  }
  return faults;
}

INSTANTIATE_TEST_SUITE_P(Each, FaultClassTest, testing::ValuesIn(promised()), name_of);

TEST(FaultsTest, EveryNameIsReadBack) {
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    const auto fault = static_cast<Fault>(i);
    Faults faults;
    ASSERT_TRUE(faults.parse(to_string(fault))) << i;
    EXPECT_TRUE(faults.has(fault));
    EXPECT_EQ(faults.text(), to_string(fault));
  }
}

}  // namespace
}  // namespace synod::simulation
