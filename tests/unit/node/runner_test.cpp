// The life of a runner, and the one rule.
#include "unit/node/runner_fixture.hpp"

namespace synod::testing {
namespace {

using RunnerTest = RunnerFixture;

Record a_promise() { return PromiseRecord{{1, NodeId(1), Incarnation(1)}}; }

Output vote(std::uint64_t sequence) {
  Output output;
  output.records.push_back(a_promise());
  output.sequence = sequence;
  output.messages.push_back({{NodeId(2)}, Note{"now", {}}});
  output.after_records.push_back({{NodeId(2)}, Note{"vote", {}}});
  return output;
}

TEST_F(RunnerTest, MintsAnIdentityAndRemembersItBeforeAnythingIsSaid) {
  storage.mode = WorldStorage::Mode::kNever;
  start();
  EXPECT_FALSE(started.has_value());
  ASSERT_NE(storage.under_way(), nullptr);
  ASSERT_EQ(storage.under_way()->records.size(), 1u);
  const auto identity = std::get<IdentityRecord>(storage.under_way()->records[0]);
  EXPECT_NE(identity.incarnation, Incarnation(0));
  EXPECT_EQ(script().outputs_taken, 0u);
  storage.complete();
  ASSERT_TRUE(started.has_value());
  EXPECT_TRUE(started->ok());
  EXPECT_EQ(script().options.incarnation, identity.incarnation);
}

TEST_F(RunnerTest, KeepsTheIdentityOfAnIntactMemoryAndHandsOverWhatItHolds) {
  disk.written = true;
  disk.records = {IdentityRecord{Incarnation(77)}, a_promise()};
  start();
  EXPECT_EQ(script().options.incarnation, Incarnation(77));
  EXPECT_EQ(script().recovered.records.size(), 2u);
  EXPECT_EQ(disk.writes, 0u);
}

TEST_F(RunnerTest, MintsAnotherIdentityEachTime) {
  start();
  const Incarnation first = script().options.incarnation;
  runner.reset();
  disk = Disk{};
  run(Duration(10));
  start();
  EXPECT_NE(script().options.incarnation, first);
}

TEST_F(RunnerTest, SaysWhyItCannotStart) {
  storage.load_status = absl::FailedPreconditionError("the directory is locked");
  start();
  ASSERT_TRUE(started.has_value());
  EXPECT_EQ(started->message(), "the directory is locked");
  append(1);
  run();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(error_of(0).kind, AppendErrorKind::kStorage);
  bool down = false;
  runner->shut_down([&down] { down = true; });
  run();
  EXPECT_TRUE(down);
}

// The one rule: what need not wait leaves while the write is under way, a vote never does.
TEST_F(RunnerTest, AVoteDoesNotLeaveWhileItsRecordIsNotDurable) {
  start();
  storage.mode = WorldStorage::Mode::kNever;
  say(vote(1));
  run(std::chrono::seconds(60));
  EXPECT_EQ(left(), std::vector<std::string>{"now"});
  EXPECT_EQ(script().count<Written>(), 0u);
  storage.complete();
  run();
  EXPECT_EQ(left(), (std::vector<std::string>{"now", "vote"}));
  ASSERT_NE(script().last<Written>(), nullptr);
  EXPECT_EQ(script().last<Written>()->sequence, 1u);
}

TEST_F(RunnerTest, WhatGathersDuringAWriteSharesTheNext) {
  start();
  storage.mode = WorldStorage::Mode::kNever;
  say(vote(1));
  say(vote(2));
  say(vote(3));
  EXPECT_EQ(storage.under_way()->records.size(), 1u);
  storage.complete();
  run();
  ASSERT_NE(storage.under_way(), nullptr);
  EXPECT_EQ(storage.under_way()->records.size(), 2u);
  storage.complete();
  run();
  EXPECT_EQ(script().last<Written>()->sequence, 3u);
  EXPECT_EQ(runner->stats().writes, 2u);
  EXPECT_EQ(runner->stats().records_written, 3u);
}

TEST_F(RunnerTest, AStorageThatIsDoneAtOnceSendsEverythingOfATurnTogether) {
  start();
  const std::size_t before = communicator.sends;
  script().on_step = [](const Input& input) {
    const auto* written = std::get_if<Written>(&input);
    if (written != nullptr && written->sequence < 5) {
      script().output = vote(written->sequence + 1);
    }
  };
  say(vote(1));
  EXPECT_EQ(script().last<Written>()->sequence, 5u);
  EXPECT_EQ(left().size(), 10u);
  EXPECT_EQ(communicator.sends, before + 1);
}

TEST_F(RunnerTest, GoesOnByItselfWhenThereIsSpaceAgain) {
  start();
  storage.mode = WorldStorage::Mode::kFull;
  say(vote(1));
  run(std::chrono::milliseconds(2000));
  EXPECT_EQ(script().count<StorageTrouble>(), 1u);
  EXPECT_TRUE(script().last<StorageTrouble>()->trouble);
  EXPECT_EQ(script().last<StorageTrouble>()->why, "disk full");
  EXPECT_EQ(left(), std::vector<std::string>{"now"});
  EXPECT_FALSE(stopped.has_value());

  storage.mode = WorldStorage::Mode::kLater;
  run(std::chrono::milliseconds(600));
  EXPECT_EQ(script().count<StorageTrouble>(), 2u);
  EXPECT_FALSE(script().last<StorageTrouble>()->trouble);
  EXPECT_EQ(left(), (std::vector<std::string>{"now", "vote"}));
  EXPECT_EQ(disk.records.size(), 2u);
}

TEST_F(RunnerTest, AFailedWriteStopsTheNodeForGood) {
  start();
  append(1);
  run();
  storage.mode = WorldStorage::Mode::kBroken;
  say(vote(1));
  append(2);  // Comes too late.
  run(std::chrono::milliseconds(5));
  EXPECT_EQ(left(), std::vector<std::string>{"now"});
  ASSERT_TRUE(stopped.has_value());
  EXPECT_EQ(stopped->message(), "sync failed");
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(error_of(0).kind, AppendErrorKind::kStorage);
  EXPECT_EQ(error_of(0).fate, Fate::kUnknown);

  storage.mode = WorldStorage::Mode::kAtOnce;
  const std::size_t inputs = script().inputs.size();
  say(vote(2));
  append(3);
  run(std::chrono::seconds(1));
  EXPECT_EQ(script().inputs.size(), inputs);
  EXPECT_EQ(left(), std::vector<std::string>{"now"});
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(error_of(2).fate, Fate::kDidNotHappen);
}

TEST_F(RunnerTest, AViolationStopsTheNodeBeforeItSpeaks) {
  start();
  Output output = vote(1);
  output.events.push_back(Violation{"two entries for one number"});
  say(std::move(output));
  EXPECT_TRUE(left().empty());
  ASSERT_TRUE(stopped.has_value());
  EXPECT_EQ(stopped->message(), "two entries for one number");
}

TEST_F(RunnerTest, LazyRecordsAreWrittenWhenTheirTimeComes) {
  start();
  Output output;
  output.lazy_records.push_back(CommitMarkRecord{RoundNum(3)});
  output.sequence = 1;
  output.write_lazy_by = world.now().after(Duration(100'000));
  say(std::move(output));
  run(Duration(99'000));
  EXPECT_EQ(runner->stats().writes, 0u);
  run(Duration(1'000));
  EXPECT_EQ(runner->stats().writes, 1u);
  EXPECT_EQ(script().last<Written>()->sequence, 1u);
}

TEST_F(RunnerTest, WakesTheReplicaWhenItAsksForIt) {
  start();
  script().on_step = [](const Input& input) {
    if (std::holds_alternative<Tick>(input)) {
      script().deadline = Timestamp::max();
    }
  };
  script().deadline = world.now().after(Duration(5'000));
  say(Output{});
  run(Duration(4'999));
  EXPECT_EQ(script().count<Tick>(), 0u);
  run(Duration(1));
  EXPECT_EQ(script().count<Tick>(), 1u);
}

TEST_F(RunnerTest, SavesASnapshotAndTellsTheReplica) {
  start();
  SnapshotPtr given;
  runner->take_snapshot([&given](SnapshotPtr snapshot) { given = std::move(snapshot); });
  run();
  EXPECT_EQ(script().count<TakeSnapshot>(), 1u);
  say(SnapshotTaken{std::make_shared<Snapshot>(Snapshot{RoundNum(9), {}})});
  EXPECT_EQ(script().count<SnapshotSaved>(), 0u);
  run(storage.latency);
  ASSERT_EQ(script().count<SnapshotSaved>(), 1u);
  EXPECT_EQ(script().last<SnapshotSaved>()->round, RoundNum(9));
  ASSERT_NE(given, nullptr);
  EXPECT_EQ(disk.snapshot, given);
}

TEST_F(RunnerTest, TakesASnapshotOnceEnoughWasAppended) {
  options.snapshot_every_bytes = 1000;
  start();
  Entry entry;
  entry.payload = Payload::copy_of(std::string(600, 'x'));
  for (std::uint64_t round = 1; round <= 2; ++round) {
    EXPECT_EQ(script().count<TakeSnapshot>(), 0u);
    Output output;
    output.records.push_back(AcceptedRecord{{RoundNum(round), {}, entry}});
    output.sequence = round;
    say(std::move(output));
  }
  EXPECT_EQ(script().count<TakeSnapshot>(), 1u);
}

// Otherwise the journal of a node that is restarted often would grow for ever.
TEST_F(RunnerTest, WhatWasAppendedBeforeARestartCountsTowardsTheNextSnapshot) {
  options.snapshot_every_bytes = 1000;
  Entry entry;
  entry.payload = Payload::copy_of(std::string(600, 'x'));
  disk.written = true;
  disk.records = {IdentityRecord{Incarnation(77)}, AcceptedRecord{{RoundNum(1), {}, entry}}};
  start();
  EXPECT_EQ(script().count<TakeSnapshot>(), 0u);
  Output output;
  output.records.push_back(AcceptedRecord{{RoundNum(2), {}, entry}});
  output.sequence = 1;
  say(std::move(output));
  EXPECT_EQ(script().count<TakeSnapshot>(), 1u);
}

TEST_F(RunnerTest, ShutsDownAfterTheWriteThatIsUnderWay) {
  start();
  append(1);
  storage.mode = WorldStorage::Mode::kNever;
  say(vote(1));
  bool down = false;
  runner->shut_down([&down] { down = true; });
  run();
  EXPECT_EQ(script().count<ShutDown>(), 1u);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(error_of(0).kind, AppendErrorKind::kShutDown);
  EXPECT_EQ(error_of(0).fate, Fate::kUnknown);
  EXPECT_FALSE(down);
  storage.complete();
  run();
  EXPECT_TRUE(down);
  EXPECT_TRUE(communicator.stopped);
  ASSERT_TRUE(stopped.has_value());
  EXPECT_TRUE(stopped->ok());
  append(2);
  run();
  EXPECT_EQ(error_of(1).fate, Fate::kNever);
}

// Found by seed 6188 of three nodes: it took one turn after the other, at one moment, for ever.
TEST_F(RunnerTest, ShuttingDownWithoutSpaceItWaitsForWhatIsBeingSavedAndSleeps) {
  start();
  storage.latency = std::chrono::milliseconds(100);
  say(SnapshotTaken{std::make_shared<Snapshot>(Snapshot{RoundNum(9), {}})});
  storage.mode = WorldStorage::Mode::kNever;
  say(vote(1));
  bool down = false;
  runner->shut_down([&down] { down = true; });
  run();
  storage.complete(absl::ResourceExhaustedError("full"));
  const std::uint64_t before = runner->stats().turns;
  const auto spins = [&] { return runner->stats().turns > before + 10; };
  EXPECT_FALSE(world.run_until(spins, std::chrono::milliseconds(50)));
  EXPECT_FALSE(down);
  EXPECT_FALSE(world.run_until(spins, std::chrono::milliseconds(100)));
  EXPECT_TRUE(down);
  EXPECT_NE(disk.snapshot, nullptr);
}

TEST_F(RunnerTest, TellsTheCommunicatorWhomToReachAndKeepsThoseWhoLeft) {
  options.replica.founders.members = {{.id = NodeId(1)}, {.id = NodeId(2)}};
  start();
  EXPECT_EQ(communicator.reached.size(), 2u);
  auto cluster = std::make_shared<Cluster>();
  cluster->members = {{.id = NodeId(1)}, {.id = NodeId(3), .address = "c:1"}};
  script().view.cluster = cluster;
  say(applied(5, 1));
  ASSERT_EQ(communicator.reached.size(), 3u);
  EXPECT_EQ(communicator.reached[1].id, NodeId(2));
  EXPECT_EQ(communicator.reached[2].address, "c:1");
}

// An installed snapshot that finds no space: nothing above it is durable until it is saved, and nobody
// takes another one meanwhile.
TEST_F(RunnerTest, ASnapshotThatFoundNoSpaceIsSavedOnceThereIsSome) {
  start();
  storage.mode = WorldStorage::Mode::kFull;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->round = RoundNum(5);
  say(SnapshotTaken{snapshot});
  run(std::chrono::milliseconds(10));
  EXPECT_EQ(disk.snapshot, nullptr);
  storage.mode = WorldStorage::Mode::kLater;
  run(options.storage_retry);
  ASSERT_NE(disk.snapshot, nullptr);
  EXPECT_EQ(disk.snapshot->round, RoundNum(5));
}

}  // namespace
}  // namespace synod::testing
