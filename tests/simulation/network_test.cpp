// What the simulated network does to messages, condition by condition.
#include <gtest/gtest.h>

#include <synod/simulation/simulated_network.hpp>
#include <synod/wire.hpp>

#include "simulation/mutation.hpp"

namespace synod::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr NodeId kA(1);
constexpr NodeId kB(2);
constexpr NodeId kC(3);

// Counts what arrives, and when.
class Ear final : public Receiver {
 public:
  explicit Ear(Scheduler& scheduler) : scheduler_(scheduler) {}
  void receive(std::span<Received> received) override {
    for (const Received& each : received) {
      nonces.push_back(std::get<ReadQuery>(each.message).nonce);
      times.push_back(scheduler_.now());
    }
  }
  std::vector<std::uint64_t> nonces;
  std::vector<Timestamp> times;

 private:
  Scheduler& scheduler_;
};

class NetworkTest : public testing::Test {
 protected:
  NetworkTest() {
    for (std::size_t i = 0; i < 3; ++i) network_.add(NodeId(i + 1), lanes_[i]);
    for (std::size_t i = 0; i < 3; ++i) start(NodeId(i + 1));
  }
  void start(NodeId node) {
    const std::size_t i = node.value() - 1;
    endpoints_[i] = network_.connect(node);
    endpoints_[i]->start({ClusterId::of("test"), node, Incarnation(1)}, ears_[i]);
  }
  void send(NodeId from, NodeId to, std::uint64_t nonce) {
    const Outgoing outgoing{{to}, ReadQuery{nonce}};
    endpoints_[from.value() - 1]->send({&outgoing, 1});
  }
  void send_many(std::uint64_t count) {
    for (std::uint64_t i = 1; i <= count; ++i) send(kA, kB, i);
  }
  void run(Duration length) { scheduler_.run_until(scheduler_.now().after(length)); }
  Ear& ear(NodeId node) { return ears_[node.value() - 1]; }
  const NetworkStats& stats() const { return network_.stats(); }

  Scheduler scheduler_;
  Limits limits_;
  Lane lanes_[3];
  SimulatedNetwork network_{scheduler_, 1, {}, limits_};
  Ear ears_[3] = {Ear(scheduler_), Ear(scheduler_), Ear(scheduler_)};
  std::unique_ptr<Communicator> endpoints_[3];
};

TEST_F(NetworkTest, ConditionsOfOneLinkLeaveTheOthersAlone) {
  NetworkConditions deaf;
  deaf.loss = 1;
  network_.set_conditions(kA, kB, deaf);
  send(kA, kB, 1);
  send(kB, kA, 2);
  send(kA, kC, 3);
  run(seconds(1));
  EXPECT_TRUE(ear(kB).nonces.empty());
  EXPECT_EQ(ear(kA).nonces, std::vector<std::uint64_t>{2});
  EXPECT_EQ(ear(kC).nonces, std::vector<std::uint64_t>{3});
  network_.set_conditions(kA, kB, std::nullopt);
  send(kA, kB, 4);
  run(seconds(1));
  EXPECT_EQ(ear(kB).nonces, std::vector<std::uint64_t>{4});
}

TEST_F(NetworkTest, ALinkIsWholeWhenEveryLayerIs) {
  network_.cut(kA, kB, true, 0);
  network_.cut(kA, kB, true, 1);
  network_.mend_all(0);
  EXPECT_TRUE(network_.is_cut(kA, kB));
  send(kA, kB, 1);
  network_.cut(kA, kB, false, 1);
  EXPECT_FALSE(network_.is_cut(kA, kB));
  send(kA, kB, 2);
  run(seconds(1));
  EXPECT_EQ(ear(kB).nonces, std::vector<std::uint64_t>{2});
  EXPECT_EQ(stats().cut, 1u);
}

TEST_F(NetworkTest, AClogHoldsEverythingBackAndThenFloods) {
  network_.clog(kA, kB);
  send_many(50);
  run(seconds(5));
  EXPECT_TRUE(ear(kB).nonces.empty());
  const Timestamp opened = scheduler_.now();
  network_.clog(kA, kB, false);
  run(seconds(1));
  EXPECT_EQ(ear(kB).nonces.size(), 50u);
  EXPECT_LE(ear(kB).times.back().since(opened), milliseconds(1));
  EXPECT_EQ(stats().held, 50u);
}

TEST_F(NetworkTest, AReplayComesUpToAMinuteLaterAndToTheNextLife) {
  NetworkConditions conditions;
  conditions.replays = 1;
  network_.set_conditions(conditions);
  send_many(20);
  run(milliseconds(50));
  const std::size_t before = ear(kB).nonces.size();
  EXPECT_GE(before, 20u);
  endpoints_[1]->stop();
  scheduler_.end_life(lanes_[1]);
  start(kB);
  run(seconds(61));
  EXPECT_EQ(ear(kB).nonces.size(), 40u);
  EXPECT_EQ(stats().replayed, 20u);
  EXPECT_GT(ear(kB).times.back().since(Timestamp()), seconds(30));
}

TEST_F(NetworkTest, ABurstLosesEverythingForAWhileOnItsLinkOnly) {
  NetworkConditions conditions;
  conditions.bursts = 1;
  conditions.burst_length = seconds(1);
  network_.set_conditions(kA, kB, conditions);
  send(kA, kB, 1);  // It is the last one.
  send(kA, kB, 2);
  send(kA, kC, 3);
  run(seconds(2));
  EXPECT_EQ(ear(kB).nonces, std::vector<std::uint64_t>{1});
  EXPECT_EQ(ear(kC).nonces, std::vector<std::uint64_t>{3});
  EXPECT_EQ(stats().lost, 1u);
  send(kA, kB, 4);
  run(seconds(2));
  EXPECT_EQ(ear(kB).nonces, (std::vector<std::uint64_t>{1, 4}));
}

TEST_F(NetworkTest, BandwidthMakesMessagesQueueAndAFullQueueLoses) {
  NetworkConditions conditions;
  conditions.bytes_per_second = 1000;
  conditions.delay_mean = Duration::zero();
  network_.set_conditions(kA, kB, conditions);
  send_many(1000);
  run(seconds(20));
  const Ear& heard = ear(kB);
  EXPECT_TRUE(std::is_sorted(heard.times.begin(), heard.times.end()));
  // Five seconds' worth waits at most.
  EXPECT_GT(heard.times.back().since(Timestamp()), seconds(4));
  EXPECT_LT(heard.times.back().since(Timestamp()), seconds(6));
  EXPECT_GT(stats().lost, 0u);
  EXPECT_EQ(stats().lost + heard.nonces.size(), 1000u);
}

TEST_F(NetworkTest, ChangedFramesAreRefusedAndCountedAndNeverDelivered) {
  NetworkConditions conditions;
  conditions.mutations = 1;
  network_.set_conditions(conditions);
  send_many(5000);
  run(seconds(1));
  EXPECT_TRUE(ear(kB).nonces.empty());
  EXPECT_EQ(stats().mutated, 5000u);
  EXPECT_GT(stats().refused, 3000u);
  EXPECT_GT(stats().mended, 1000u);
  EXPECT_EQ(stats().forged, 0u);
}

TEST_F(NetworkTest, HealingALinkEndsAllOfIt) {
  network_.cut(kA, kB, true, 3);
  network_.clog(kA, kB);
  NetworkConditions bad;
  bad.loss = 1;
  network_.set_conditions(bad);
  network_.heal(kA, kB);
  send(kA, kB, 1);
  send(kA, kC, 2);
  run(seconds(1));
  EXPECT_EQ(ear(kB).nonces, std::vector<std::uint64_t>{1});
  EXPECT_TRUE(ear(kC).nonces.empty());
}

// A frame whose checksums were made to hold gets as far as the decoder: otherwise the changes above
// would show nothing but the checksum.
TEST(MutationTest, AMendedFrameReachesTheDecoder) {
  Prng prng(3);
  Bytes frame;
  encode_frame({ClusterId::of("test"), kA, Incarnation(1)}, Fetch{7, RoundNum(1), RoundNum(9)},
               frame);
  std::uint64_t past_the_checksums = 0;
  for (int i = 0; i < 1000; ++i) {
    Bytes changed = frame;
    mutate_frame(prng, true, changed);
    std::size_t size = 0;
    if (peek_frame(changed, Limits(), size) == FrameStatus::kReady) ++past_the_checksums;
  }
  EXPECT_GT(past_the_checksums, 300u);
}

}  // namespace
}  // namespace synod::simulation
