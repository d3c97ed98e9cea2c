#include <synod/in_process_communicator.hpp>

#include <asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace synod {
namespace {

struct Recorder final : Receiver {
  void receive(std::span<Received> received) override {
    ++calls;
    for (Received& one : received) nonces.push_back(std::get<ReadQuery>(one.message).nonce);
  }
  int calls = 0;
  std::vector<std::uint64_t> nonces;
};

struct Node {
  Node(InProcessNetwork& network, asio::io_context& io, std::uint64_t id,
       std::string_view cluster = "test")
      : communicator(network.connect(Strand(io.get_executor()))) {
    communicator->start({ClusterId::of(cluster), NodeId(id), Incarnation(id)}, recorder);
  }
  Recorder recorder;
  std::unique_ptr<Communicator> communicator;
};

std::vector<Outgoing> queries(std::uint64_t count, NodeId to) {
  std::vector<Outgoing> turn;
  for (std::uint64_t nonce = 0; nonce < count; ++nonce) turn.push_back({{to}, ReadQuery{nonce}});
  return turn;
}

TEST(InProcessNetwork, a_turn_arrives_in_order_and_in_one_call) {
  asio::io_context io;
  InProcessNetwork network;
  Node one(network, io, 1);
  Node two(network, io, 2);
  one.communicator->send(queries(3, NodeId(2)));
  io.run();
  EXPECT_EQ(two.recorder.nonces, (std::vector<std::uint64_t>{0, 1, 2}));
  EXPECT_EQ(two.recorder.calls, 1);
  EXPECT_EQ(network.delivered(), 3u);
}

TEST(InProcessNetwork, loses_and_repeats_as_much_as_asked) {
  asio::io_context io;
  InProcessNetwork network({.loss = 0.25, .duplication = 0.5, .seed = 7});
  Node one(network, io, 1);
  Node two(network, io, 2);
  one.communicator->send(queries(4000, NodeId(2)));
  io.run();
  EXPECT_GT(network.lost(), 800u);
  EXPECT_LT(network.lost(), 1200u);
  EXPECT_GT(two.recorder.nonces.size(), 4000u);  // About 4000 * 0.75 * 1.5.
  EXPECT_LT(two.recorder.nonces.size(), 5000u);
}

TEST(InProcessNetwork, the_same_seed_loses_the_same_messages) {
  std::vector<std::vector<std::uint64_t>> arrived;
  for (int run = 0; run < 2; ++run) {
    asio::io_context io;
    InProcessNetwork network({.loss = 0.5, .seed = 3});
    Node one(network, io, 1);
    Node two(network, io, 2);
    one.communicator->send(queries(100, NodeId(2)));
    io.run();
    arrived.push_back(two.recorder.nonces);
  }
  EXPECT_EQ(arrived[0], arrived[1]);
  EXPECT_LT(arrived[0].size(), 100u);
}

TEST(InProcessNetwork, delays_let_one_message_overtake_another) {
  asio::io_context io;
  InProcessNetwork network({.delay_max = std::chrono::milliseconds(20)});
  Node one(network, io, 1);
  Node two(network, io, 2);
  one.communicator->send(queries(50, NodeId(2)));
  io.run();
  EXPECT_EQ(two.recorder.nonces.size(), 50u);
  EXPECT_FALSE(std::is_sorted(two.recorder.nonces.begin(), two.recorder.nonces.end()));
}

TEST(InProcessNetwork, clusters_do_not_hear_each_other) {
  asio::io_context io;
  InProcessNetwork network;
  Node one(network, io, 1);
  Node other(network, io, 2, "another");
  one.communicator->send(queries(1, NodeId(2)));
  io.run();
  EXPECT_TRUE(other.recorder.nonces.empty());
}

TEST(InProcessNetwork, a_successor_takes_the_place_and_the_first_ones_end_does_not_remove_it) {
  asio::io_context io;
  InProcessNetwork network;
  Node one(network, io, 1);
  Node first(network, io, 2);
  Node second(network, io, 2);
  first.communicator->stop();
  one.communicator->send(queries(1, NodeId(2)));
  io.run();
  EXPECT_TRUE(first.recorder.nonces.empty());
  EXPECT_EQ(second.recorder.nonces.size(), 1u);
}

TEST(InProcessNetwork, nodes_on_different_threads_may_send_at_once) {
  asio::io_context io_one;
  asio::io_context io_two;
  InProcessNetwork network;
  Node one(network, io_one, 1);
  Node two(network, io_two, 2);
  std::thread first([&] {
    for (int i = 0; i < 500; ++i) one.communicator->send(queries(2, NodeId(2)));
  });
  std::thread second([&] {
    for (int i = 0; i < 500; ++i) two.communicator->send(queries(2, NodeId(1)));
  });
  first.join();
  second.join();
  io_one.run();
  io_two.run();
  EXPECT_EQ(one.recorder.nonces.size(), 1000u);
  EXPECT_EQ(two.recorder.nonces.size(), 1000u);
}

}  // namespace
}  // namespace synod
