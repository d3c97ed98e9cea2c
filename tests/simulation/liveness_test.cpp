// The liveness phase: a core is healed, the rest stays broken; and it goes red when it should.
#include <gtest/gtest.h>

#include <synod/simulation/cluster.hpp>

namespace synod::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SimulationOptions quiet(std::uint64_t seed, std::uint64_t nodes) {
  SimulationOptions options;
  options.seed = seed;
  options.nodes = nodes;
  options.entries = 50;
  options.faults = Faults::none();
  options.exactly = true;
  return options;
}

void expect_broken(const Report& report, const std::string& invariant, const std::string& words) {
  ASSERT_FALSE(report.ok()) << "nothing was found";
  EXPECT_TRUE(report.violations.front().starts_with(invariant + ":")) << report.text();
  EXPECT_NE(report.violations.front().find(words), std::string::npos) << report.text();
}

TEST(LivenessTest, TheCoreIsAQuorumAndSeldomEverybody) {
  std::uint64_t smallest = 5;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SimulationOptions options = quiet(seed, 5);
    options.faults.set(Fault::kIsolateOne);
    options.faults.set(Fault::kCrash);
    const Report report = simulate(options);
    EXPECT_TRUE(report.ok()) << report.text();
    EXPECT_GE(report.core, 3u);
    smallest = std::min(smallest, report.core);
  }
  EXPECT_EQ(smallest, 3u);
}

class Abstaining final : public Voter {
 public:
  CandidateVote contemplate_candidate(const Candidacy& /*candidacy*/) override {
    return {false, {}};
  }
};

TEST(LivenessTest, AClusterThatElectsNobodyIsFound) {
  SimulationOptions options = quiet(1, 3);
  options.entries = 2;
  options.voter = [](NodeId) { return std::make_unique<Abstaining>(); };
  expect_broken(simulate(options), "I16", "an append does not complete");
}

// Takes the lead every now and then, for nothing.
class Usurper final : public Decoration {
 public:
  [[nodiscard]] std::string_view name() const override { return "usurper"; }
  void on_start(DecorationContext& context) override { due_ = context.now().after(seconds(1)); }
  [[nodiscard]] Timestamp deadline() const override { return due_; }
  void on_deadline(DecorationContext& context) override {
    due_ = context.now().after(seconds(1));
    AppendRequest request;
    request.entry.kind = EntryKind::kNoop;
    request.deadline = context.now().after(milliseconds(500));
    context.append(std::move(request));
  }

 private:
  Timestamp due_;
};

TEST(LivenessTest, ALeadThatGoesBackAndForthIsFound) {
  SimulationOptions options = quiet(1, 2);  // Both are needed, so nobody is left out.
  options.decorations = [](NodeId) {
    std::vector<std::unique_ptr<Decoration>> decorations;
    decorations.push_back(std::make_unique<Usurper>());
    return decorations;
  };
  expect_broken(simulate(options), "I16", "the lead changes");
}

// Members come and go while memories are lost, and never is the one lost that a cluster rests on.
TEST(LivenessTest, NobodyTakesTheLastMemoryThatANewClusterNeeds) {
  std::uint64_t wiped = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SimulationOptions options = quiet(seed, 3);
    options.entries = 200;
    options.faults.set(Fault::kWipe);
    options.faults.set(Fault::kRemoveLeader);
    options.faults.set(Fault::kTwoChanges);
    const Report report = simulate(options);
    EXPECT_TRUE(report.ok()) << report.text();
    EXPECT_EQ(report.unrecoverable, "") << report.text();
    wiped += report.struck[static_cast<std::size_t>(Fault::kWipe)];
  }
  EXPECT_GT(wiped, 5u);
}

}  // namespace
}  // namespace synod::simulation
