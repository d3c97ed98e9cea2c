// Those that wait: appends, reads, and the decorations in their way.
#include <synod/retry.hpp>

#include "unit/node/runner_fixture.hpp"

namespace synod::testing {
namespace {

using RunnerAppendTest = RunnerFixture;

TEST_F(RunnerAppendTest, EndsWithAReceiptWhenTheEntryIsApplied) {
  start();
  append(1);
  run();
  ASSERT_EQ(script().count<Append>(), 1u);
  EXPECT_TRUE(results.empty());
  say(applied(1, 12));
  ASSERT_EQ(results.size(), 1u);
  ASSERT_TRUE(results[0].second.ok());
  EXPECT_EQ(results[0].second->round, RoundNum(12));
  EXPECT_FALSE(results[0].second->repeat);
}

TEST_F(RunnerAppendTest, TellsThatItWasARepeat) {
  start();
  append(1);
  run();
  Applied repeat = applied(1, 12);
  repeat.skipped = SkipReason::kRepeat;
  repeat.repeat_of = RoundNum(4);
  say(repeat);
  ASSERT_TRUE(results.at(0).second.ok());
  EXPECT_TRUE(results[0].second->repeat);
  EXPECT_EQ(results[0].second->round, RoundNum(4));
}

TEST_F(RunnerAppendTest, ANoopThatWasSettledIsNoFailure) {
  start();
  append(1);
  run();
  Applied noop = applied(1, 12);
  noop.skipped = SkipReason::kNoop;
  say(noop);
  EXPECT_TRUE(results.at(0).second.ok());
}

TEST_F(RunnerAppendTest, AnExpiredEntryDidNotHappenUnlessItsIdCameFromElsewhere) {
  start();
  append(1);
  AppendRequest elsewhere;
  elsewhere.id_minted_here = false;
  append(2, std::move(elsewhere));
  run();
  for (std::uint64_t id = 1; id <= 2; ++id) {
    Applied expired = applied(id, 12 + id);
    expired.skipped = SkipReason::kExpired;
    say(expired);
  }
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(error_of(0).kind, AppendErrorKind::kExpired);
  EXPECT_EQ(error_of(0).fate, Fate::kDidNotHappen);
  EXPECT_EQ(error_of(1).fate, Fate::kUnknown);
}

TEST_F(RunnerAppendTest, TwoAppendsOfOneEntryBothEnd) {
  start();
  append(1);
  append(1);
  run();
  EXPECT_EQ(script().count<Append>(), 1u);
  say(applied(1, 3));
  EXPECT_EQ(results.size(), 2u);
}

TEST_F(RunnerAppendTest, TriesAgainUntilTheDeadlineWhereThatMayHelp) {
  start();
  AppendRequest request;
  request.deadline = world.now().after(std::chrono::seconds(1));
  append(1, std::move(request));
  script().on_step = [](const Input& input) {
    if (const auto* append = std::get_if<Append>(&input)) {
      script().output.events.push_back(AppendFailed{
          append->entry.id, {AppendErrorKind::kLost, Fate::kDidNotHappen, {}, {}, {}}});
    }
  };
  run(std::chrono::milliseconds(999));
  EXPECT_TRUE(results.empty());
  EXPECT_GT(script().count<Append>(), 3u);
  run(std::chrono::milliseconds(2));
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(error_of(0).kind, AppendErrorKind::kDeadline);
  EXPECT_EQ(error_of(0).fate, Fate::kDidNotHappen);
}

TEST_F(RunnerAppendTest, IsUnknownOnceAnyAttemptWas) {
  start();
  AppendRequest request;
  request.retry = retry_bounded(2);
  append(1, std::move(request));
  run();
  say(failed(1, AppendErrorKind::kNoQuorum, Fate::kUnknown));
  run();
  EXPECT_TRUE(results.empty());
  say(failed(1, AppendErrorKind::kLost, Fate::kDidNotHappen));
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(error_of(0).kind, AppendErrorKind::kLost);
  EXPECT_EQ(error_of(0).fate, Fate::kUnknown);
}

TEST_F(RunnerAppendTest, MayBeAppliedBetweenTwoAttempts) {
  start();
  append(1);
  run();
  say(failed(1, AppendErrorKind::kNoQuorum, Fate::kUnknown));
  say(applied(1, 8));
  ASSERT_EQ(results.size(), 1u);
  EXPECT_TRUE(results[0].second.ok());
  run(std::chrono::seconds(1));
  EXPECT_EQ(script().count<Append>(), 1u);
}

// Its round is below the snapshot: no event will name it any more. Asked again, it is a repeat.
TEST_F(RunnerAppendTest, IsAskedForAgainWhereASnapshotPassedOverIt) {
  start();
  AppendRequest request;
  request.deadline = world.now().after(std::chrono::seconds(60));
  append(1, std::move(request));
  run();
  ASSERT_EQ(script().count<Append>(), 1u);
  say(Installed{RoundNum(9)});
  run(std::chrono::seconds(5));
  ASSERT_GE(script().count<Append>(), 2u);
  Applied repeat = applied(1, 12);
  repeat.skipped = SkipReason::kRepeat;
  repeat.repeat_of = RoundNum(4);
  say(repeat);
  ASSERT_EQ(results.size(), 1u);
  ASSERT_TRUE(results[0].second.ok());
  EXPECT_EQ(results[0].second->round, RoundNum(4));
}

TEST_F(RunnerAppendTest, IsNotRetriedWhereThatCannotHelp) {
  start();
  append(1);
  run();
  say(failed(1, AppendErrorKind::kTooLarge, Fate::kNever));
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(error_of(0).fate, Fate::kNever);
  say(applied(1, 8));
  EXPECT_EQ(results.size(), 1u);
}

TEST_F(RunnerAppendTest, AnEndOfAnotherKindOfAttemptProvesNothing) {
  start();
  AppendRequest reserved;
  reserved.rounds = {RoundNum(3), RoundNum(3)};
  append(1, std::move(reserved));
  append(1);
  run();
  EXPECT_EQ(script().count<Append>(), 2u);
  say(failed(1, AppendErrorKind::kConverged, Fate::kDidNotHappen));
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(error_of(0).fate, Fate::kUnknown);
  EXPECT_EQ(error_of(1).fate, Fate::kUnknown);
}

TEST_F(RunnerAppendTest, ReadsEndInAnyOrder) {
  start();
  std::vector<int> ended;
  for (int read = 1; read <= 3; ++read) {
    runner->read({Timestamp::max(), [&ended, read](absl::Status status) {
                    ended.push_back(status.ok() ? read : -read);
                  }});
  }
  run();
  ASSERT_EQ(script().count<Read>(), 3u);
  say(ReadReady{2});
  say(ReadFailed{1, {}});
  say(ReadReady{2});
  say(ReadReady{3});
  EXPECT_EQ(ended, (std::vector<int>{2, -1, 3}));
}

// --- Decorations ---------------------------------------------------------------------------------

// Notes what it is offered, and does what the test wants with it.
class Probe final : public Decoration {
 public:
  Probe(std::string name, std::vector<std::string>& log) : name_(std::move(name)), log_(&log) {}
  std::string_view name() const override { return name_; }
  void on_start(DecorationContext& context) override { context_ = &context; }
  void on_event(DecorationContext&, const Event& event) override {
    if (std::holds_alternative<Applied>(event)) {
      log_->push_back(name_ + " event");
    }
  }
  void on_message(DecorationContext&, NodeId, std::span<const std::byte> bytes) override {
    log_->push_back(name_ + " note " + std::to_string(bytes.size()));
  }
  AppendVerdict on_append(DecorationContext&, AppendRequest& request) override {
    log_->push_back(name_ + " append");
    if (take) {
      taken = std::move(request.done);
      return AppendVerdict::kTaken;
    }
    return AppendVerdict::kProceed;
  }
  ReadVerdict on_read(DecorationContext&, ReadRequest&) override { return read_verdict; }
  void on_shut_down(DecorationContext&) override { log_->push_back(name_ + " shut down"); }

  DecorationContext* context_ = nullptr;
  bool take = false;
  AppendDone taken;
  ReadVerdict read_verdict = ReadVerdict::kProceed;

 private:
  std::string name_;
  std::vector<std::string>* log_;
};

class DecoratedRunnerTest : public RunnerFixture {
 protected:
  DecoratedRunnerTest() {
    for (const char* name : {"first", "second"}) {
      auto probe = std::make_unique<Probe>(name, log);
      probes.push_back(probe.get());
      decorations.push_back(std::move(probe));
    }
  }
  std::vector<std::string> log;
  std::vector<Probe*> probes;
};

TEST_F(DecoratedRunnerTest, AppendsGoLastToFirstAndEventsFirstToLast) {
  start();
  append(1);
  run();
  EXPECT_EQ(log, (std::vector<std::string>{"second append", "first append"}));
  log.clear();
  say(applied(1, 2));
  EXPECT_EQ(log, (std::vector<std::string>{"first event", "second event"}));
}

TEST_F(DecoratedRunnerTest, ADecorationsOwnAppendIsOfferedToThoseBeforeItOnly) {
  start();
  probes[1]->context_->append({});
  run();
  EXPECT_EQ(log, (std::vector<std::string>{"first append"}));
  EXPECT_EQ(script().count<Append>(), 1u);
  log.clear();
  probes[0]->context_->append({});
  run();
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(script().count<Append>(), 2u);
}

TEST_F(DecoratedRunnerTest, ATakenAppendBelongsToWhoeverTookIt) {
  start();
  probes[0]->take = true;
  append(1);
  run(std::chrono::seconds(60));
  EXPECT_EQ(script().count<Append>(), 0u);
  EXPECT_TRUE(results.empty());
  ASSERT_TRUE(probes[0]->taken);
  probes[0]->taken(AppendReceipt{RoundNum(4), {}, false});
  EXPECT_EQ(results.size(), 1u);
}

TEST_F(DecoratedRunnerTest, WhoeverTakesALaterAttemptCannotDenyAnEarlierOne) {
  start();
  append(1);
  run();
  probes[1]->take = true;
  say(failed(1, AppendErrorKind::kNoQuorum, Fate::kUnknown));
  run(std::chrono::milliseconds(10));
  ASSERT_TRUE(probes[1]->taken);
  AppendError denial;
  denial.fate = Fate::kDidNotHappen;
  probes[1]->taken(to_status(denial));
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(error_of(0).fate, Fate::kUnknown);
}

TEST_F(DecoratedRunnerTest, NotesGoToTheDecorationOfTheirNameAndNotToTheReplica) {
  start();
  const std::byte bytes[3] = {};
  const NodeId to[] = {NodeId(1), NodeId(2)};
  probes[1]->context_->send(to, bytes);
  run();
  ASSERT_EQ(network.sent.size(), 1u);
  EXPECT_EQ(network.sent[0].to, std::vector<NodeId>{NodeId(2)});  // Never to itself.

  Network other_network(world);
  const std::size_t inputs = script().inputs.size();
  WorldCommunicator peer(network);
  class Deaf final : public Receiver {
    void receive(std::span<Received>) override {}
  } deaf;
  peer.start({ClusterId(1), NodeId(2), Incarnation(5)}, deaf);
  const Outgoing outgoing[] = {{{NodeId(1)}, Note{"second", Payload::copy_of("abc")}},
                               {{NodeId(1)}, Note{"nobody", Payload::copy_of("abc")}}};
  peer.send(outgoing);
  run(network.delay);
  EXPECT_EQ(log, (std::vector<std::string>{"second note 3"}));
  EXPECT_EQ(script().inputs.size(), inputs);
}

TEST_F(DecoratedRunnerTest, AReadMayBeServedByADecoration) {
  start();
  probes[0]->read_verdict = ReadVerdict::kServeNow;
  bool served = false;
  runner->read({Timestamp::max(), [&served](absl::Status status) { served = status.ok(); }});
  run();
  EXPECT_TRUE(served);
  EXPECT_EQ(script().count<Read>(), 0u);
}

TEST_F(DecoratedRunnerTest, AreToldOfTheEndOnce) {
  start();
  runner->shut_down({});
  run();
  runner->shut_down({});
  run();
  EXPECT_EQ(log, (std::vector<std::string>{"first shut down", "second shut down"}));
}

}  // namespace
}  // namespace synod::testing
