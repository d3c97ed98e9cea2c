// F25: a snapshot is interrupted at every chunk and at every step of its installation.
#include <gtest/gtest.h>

#include "simulation/scripted_cluster.hpp"

namespace synod::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kBehind = 3;

// Node 3 needs a snapshot of about ten chunks; nodes 1 and 2 have it.
class SnapshotInterruptionTest : public testing::Test {
 protected:
  static SimulationOptions small() {
    SimulationOptions options;
    options.replica.limits.retained_entries_max = 8;
    options.replica.limits.snapshot_chunk_bytes = 256;
    options.snapshot_every_bytes = 2048;
    return options;
  }

  // Runs until node 3 got `chunks` chunks; false where it got fewer and is done.
  static bool until_chunk(ScriptedCluster& cluster, std::uint64_t chunks) {
    std::uint64_t seen = 0;
    cluster.world.network.on_delivery(
        [&seen](NodeId to, const Received& received, std::span<const std::byte>) {
          if (to == NodeId(kBehind) && std::holds_alternative<SnapshotChunk>(received.message))
            ++seen;
        });
    fall_behind(cluster);
    const bool reached =
        cluster.run_until(seconds(20), [&] { return seen >= chunks || caught_up(cluster); });
    cluster.world.network.on_delivery(nullptr);
    EXPECT_TRUE(reached);
    return seen >= chunks;
  }
  static void fall_behind(ScriptedCluster& cluster) {
    EXPECT_TRUE(cluster.found());
    cluster.isolate(kBehind);
    for (int i = 0; i < 40; ++i) EXPECT_TRUE(cluster.append_now(1));
    cluster.isolate(kBehind, false);
  }
  static bool caught_up(ScriptedCluster& cluster) {
    SimulatedNode& node = cluster.node(kBehind);
    return node.ready() && node.applied() == cluster.world.checker.settled_to();
  }
  static void expect_recovery(ScriptedCluster& cluster) {
    EXPECT_TRUE(cluster.run_until(seconds(30), [&] { return caught_up(cluster); }));
    EXPECT_TRUE(cluster.append_now(kBehind));
    EXPECT_EQ(cluster.violations(), "");
  }
};

TEST_F(SnapshotInterruptionTest, TheSourceDiesAtEveryChunkAndTheOtherOneServes) {
  std::uint64_t chunk = 1;
  for (;; ++chunk) {
    ScriptedCluster cluster(small());
    if (!until_chunk(cluster, chunk)) break;
    // Whichever of the two it is: one is left, and with node 3 that is a quorum.
    const std::uint64_t source = 1 + chunk % 2;
    cluster.node(source).crash();
    cluster.run(seconds(2));
    cluster.node(source).start();
    expect_recovery(cluster);
  }
  EXPECT_GT(chunk, 5u) << "the snapshot has too few chunks to show anything";
}

TEST_F(SnapshotInterruptionTest, TheSourcesTakeNewerOnesAtEveryChunk) {
  for (std::uint64_t chunk = 1;; ++chunk) {
    ScriptedCluster cluster(small());
    if (!until_chunk(cluster, chunk)) break;
    cluster.node(1).take_snapshot();
    cluster.node(2).take_snapshot();
    EXPECT_TRUE(cluster.append_now(1));
    expect_recovery(cluster);
  }
}

TEST_F(SnapshotInterruptionTest, TheLinkIsCutAtEveryChunk) {
  for (std::uint64_t chunk = 1;; ++chunk) {
    ScriptedCluster cluster(small());
    if (!until_chunk(cluster, chunk)) break;
    cluster.isolate(kBehind);
    cluster.run(seconds(3));
    cluster.isolate(kBehind, false);
    expect_recovery(cluster);
  }
}

// From the first chunk on, after every step of the simulation, until it is all over: with each
// chunk, between the installation, the saving of the snapshot and the checkpoint after it.
TEST_F(SnapshotInterruptionTest, TheReceiverDiesAtEveryStepOfTheInstallation) {
  bool over = false;
  std::uint64_t deaths = 0;
  for (std::uint64_t steps = 0; !over; ++steps, ++deaths) {
    ScriptedCluster cluster(small());
    ASSERT_TRUE(until_chunk(cluster, 1));
    const std::uint64_t mark = cluster.world.scheduler.steps() + steps;
    while (cluster.world.scheduler.steps() < mark) (void)cluster.world.scheduler.run_one();
    const RoundNum settled = cluster.world.checker.settled_to();
    over = cluster.node(kBehind).view().durably_applied == settled;
    cluster.node(kBehind).crash();
    cluster.node(kBehind).start();
    expect_recovery(cluster);
  }
  EXPECT_GT(deaths, 10u);
}

}  // namespace
}  // namespace synod::simulation
