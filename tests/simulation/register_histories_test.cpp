// The recording of what clients saw: a simulation that passes must have been able to fail.
#include <gtest/gtest.h>

#include <synod/simulation/cluster.hpp>
#include <synod/status.hpp>

#include "simulation/check/register_histories.hpp"

namespace synod::simulation {
namespace {

constexpr NodeId kA(1);
constexpr NodeId kB(2);

class RegisterHistoriesTest : public testing::Test {
 protected:
  RegisterHistoriesTest() {
    histories.begin(checker);
    for (const NodeId node : {kA, kB}) {
      states[node] = histories.make_state(node);
    }
  }

  static Entry writing(std::uint64_t id, const std::string& text) {
    Entry entry;
    entry.id = {0, id};
    entry.kind = EntryKind::kState;
    entry.payload = Payload::copy_of(text);
    return entry;
  }
  void append(std::uint64_t client, const Entry& entry) {
    histories.on_append({client, kA}, entry);
  }
  void answer(std::uint64_t client, const Entry& entry, std::uint64_t round) {
    histories.on_append_answer({client, kA}, entry, AppendReceipt{RoundNum(round), {}});
  }
  void fail(std::uint64_t client, const Entry& entry, Fate fate) {
    AppendError error;
    error.fate = fate;
    histories.on_append_answer({client, kA}, entry, to_status(error));
  }
  // A read of every key, so that the one in question is among them.
  void read(NodeId node) {
    for (std::uint64_t i = 0; i < 40; ++i) {
      histories.on_read({9, node});
      histories.on_read_answer({9, node}, RoundNum(0));
    }
  }

  Checker checker{Cluster()};
  RegisterHistories histories{SimulationOptions(), 1};
  std::map<NodeId, std::unique_ptr<StateMachine>> states;
};

TEST_F(RegisterHistoriesTest, WhatIsWrittenIsReadEverywhere) {
  const Entry entry = writing(1, "k3=7");
  append(0, entry);
  for (const auto& [node, state] : states) state->apply(RoundNum(1), entry);
  answer(0, entry, 1);
  read(kA);
  read(kB);
  histories.finish();
  EXPECT_TRUE(checker.ok()) << checker.violations().front();
  EXPECT_GT(histories.counts().histories, 1u);
  EXPECT_EQ(histories.counts().operations, 81u);
}

TEST_F(RegisterHistoriesTest, AStaleReadIsFound) {
  const Entry entry = writing(1, "k3=7");
  append(0, entry);
  states[kA]->apply(RoundNum(1), entry);
  answer(0, entry, 1);
  read(kA);
  EXPECT_TRUE(checker.ok());
  read(kB);  // Has not applied it.
  histories.finish();
  ASSERT_FALSE(checker.ok());
  EXPECT_TRUE(checker.violations().front().starts_with("I11: not linearizable"))
      << checker.violations().front();
}

TEST_F(RegisterHistoriesTest, WhatWasSaidNotToHappenIsNotInTheHistory) {
  const Entry entry = writing(1, "k3=7");
  append(0, entry);
  fail(0, entry, Fate::kDidNotHappen);
  EXPECT_TRUE(histories.history().empty());
  append(0, entry);
  append(1, entry);
  fail(1, entry, Fate::kDidNotHappen);
  ASSERT_EQ(histories.history().size(), 1u);  // The one that nobody heard of.
  EXPECT_TRUE(histories.history().front().indeterminate());
}

TEST_F(RegisterHistoriesTest, AnAppendThatHappenedHasReturned) {
  const Entry entry = writing(1, "k3=7");
  append(0, entry);
  fail(0, entry, Fate::kHappened);
  read(kA);  // It has not taken effect here.
  histories.finish();
  EXPECT_FALSE(checker.ok());
}

// Answers reads at once, from whatever the node has: the very thing that linearizable reads are
// not.
class StaleReads final : public Decoration {
 public:
  [[nodiscard]] std::string_view name() const override { return "stale-reads"; }
  ReadVerdict on_read(DecorationContext&, ReadRequest&) override { return ReadVerdict::kServeNow; }
};

TEST(ReadsTest, ANodeThatAnswersWithoutAskingIsFoundInAWholeRun) {
  SimulationOptions options;
  options.seed = 6;
  options.decorations = [](NodeId) {
    std::vector<std::unique_ptr<Decoration>> decorations;
    decorations.push_back(std::make_unique<StaleReads>());
    return decorations;
  };
  const Report report = simulate(options);
  ASSERT_FALSE(report.ok());
  EXPECT_TRUE(report.violations.front().starts_with("I11")) << report.text();
  options.decorations = nullptr;
  const Report without = simulate(options);
  EXPECT_TRUE(without.ok()) << without.text();
  EXPECT_GT(without.reads, 50u);
  EXPECT_GT(without.checked.operations, 200u);
}

}  // namespace
}  // namespace synod::simulation
