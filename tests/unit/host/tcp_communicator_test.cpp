#include "unit/host/tcp_test_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace synod::test {
namespace {

const NodeId kOne(1), kTwo(2), kThree(3);

class TcpCommunicatorTest : public ::testing::Test {
 protected:
  [[nodiscard]] bool joined(TcpEnd& a, std::uint64_t a_id, TcpEnd& b, std::uint64_t b_id) {
    return run_until(io_, [&] { return a.is_connected(b_id) && b.is_connected(a_id); });
  }
  asio::io_context io_;
};

TEST_F(TcpCommunicatorTest, a_taken_port_is_a_clear_error_before_the_start) {
  TcpEnd one(io_, 1);
  TcpCommunicator second(Strand(io_.get_executor()), one.address());
  const absl::Status status = second.listen();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(std::string(status.message()).find(one.address()), std::string::npos);
  EXPECT_NE(std::string(status.message()).find("in use"), std::string::npos) << status.message();
}

TEST_F(TcpCommunicatorTest, an_address_that_is_none_is_an_error) {
  for (const char* address : {"", "localhost", "localhost:", "localhost:70000", "host:1x", "::1:80"}) {
    TcpCommunicator communicator(Strand(io_.get_executor()), address);
    EXPECT_EQ(communicator.listen().code(), absl::StatusCode::kInvalidArgument) << address;
  }
}

TEST_F(TcpCommunicatorTest, a_name_is_resolved) {
  TcpEnd one(io_, 1);
  TcpCommunicator two(Strand(io_.get_executor()), "localhost:0");
  ASSERT_TRUE(two.listen().ok());
  EXPECT_NE(two.port(), 0);
  two.start({kCluster, kTwo, Incarnation(200)}, one);
  two.reach({{kOne, {}, 1, "localhost:" + one.address().substr(one.address().rfind(':') + 1)}});
  EXPECT_TRUE(run_until(io_, [&] { return two.is_connected(kOne); }));
}

TEST_F(TcpCommunicatorTest, one_connection_serves_a_pair_in_both_directions) {
  TcpEnd one(io_, 1);
  TcpEnd two(io_, 2);
  one.reach({&two});
  ASSERT_TRUE(joined(one, 1, two, 2));
  two.reach({&one});
  two.send({kOne}, {ReadQuery{1}});
  one.send({kTwo}, {ReadQuery{2}});
  ASSERT_TRUE(run_until(io_, [&] { return one.received().size() + two.received().size() == 2; }));
  EXPECT_EQ(one.stats().dialled + two.stats().dialled, 1u);
  EXPECT_EQ(one.received()[0].incarnation, Incarnation(200));
}

TEST_F(TcpCommunicatorTest, of_two_that_dial_each_other_one_connection_stays) {
  TcpEnd one(io_, 1);
  TcpEnd two(io_, 2);
  one.reach({&two});
  two.reach({&one});
  const auto settled = [&] {
    return one.stats().dialled + one.stats().accepted - one.stats().closed == 1 &&
           two.stats().dialled + two.stats().accepted - two.stats().closed == 1 &&
           one.is_connected(2) && two.is_connected(1);
  };
  ASSERT_TRUE(run_until(io_, settled));
  EXPECT_EQ(one.stats().dialled, 1u);
  EXPECT_EQ(two.stats().dialled, 1u);
  EXPECT_EQ(one.stats().handshakes_completed, 2u) << "both came up, and the two agreed on which stays";
  one.send({kTwo}, {ReadQuery{1}});
  two.send({kOne}, {ReadQuery{2}});
  EXPECT_TRUE(run_until(io_, [&] { return one.received().size() + two.received().size() == 2; }));
}

TEST_F(TcpCommunicatorTest, what_was_sent_before_the_connection_was_up_arrives) {
  TcpEnd one(io_, 1);
  TcpEnd two(io_, 2);
  one.reach({&two});
  one.send({kTwo}, {ReadQuery{1}, ReadQuery{2}});
  ASSERT_TRUE(run_until(io_, [&] { return two.received().size() == 2; }));
  EXPECT_EQ(two.received()[0].message, Message(ReadQuery{1}));
}

TEST_F(TcpCommunicatorTest, a_node_that_nobody_knows_is_answered_over_its_own_connection) {
  TcpEnd member(io_, 1);
  TcpEnd joiner(io_, 9);
  joiner.reach({&member});
  joiner.send({kOne}, {Fetch{5, RoundNum(1), RoundNum(2)}});
  ASSERT_TRUE(run_until(io_, [&] { return !member.received().empty(); }));
  EXPECT_EQ(member.received()[0].from, NodeId(9));
  member.send({NodeId(9)}, {Entries{5, RoundNum(1), {}, RoundNum(0), RoundNum(1), RoundNum(0)}});
  EXPECT_TRUE(run_until(io_, [&] { return !joiner.received().empty(); }));
}

TEST_F(TcpCommunicatorTest, a_turn_to_a_peer_is_one_write_and_arrives_in_one_call) {
  TcpEnd one(io_, 1);
  TcpEnd two(io_, 2);
  TcpEnd three(io_, 3);
  one.reach({&two, &three});
  ASSERT_TRUE(joined(one, 1, two, 2));
  ASSERT_TRUE(joined(one, 1, three, 3));
  std::vector<Message> turn;
  for (std::uint64_t nonce = 0; nonce < 100; ++nonce) turn.push_back(ReadQuery{nonce});
  one.send({kTwo, kThree}, turn);
  ASSERT_TRUE(run_until(io_, [&] {
    return two.received().size() == 100 && three.received().size() == 100;
  }));
  EXPECT_EQ(one.stats().writes, 2u);
  EXPECT_EQ(one.stats().frames_sent, 200u);
  EXPECT_EQ(two.stats().reads, 1u);
  EXPECT_EQ(two.calls(), (std::vector<std::size_t>{100}));
}

TEST_F(TcpCommunicatorTest, frames_of_every_size_come_through_whole) {
  TcpEnd one(io_, 1);
  TcpEnd two(io_, 2);
  one.reach({&two});
  std::vector<Message> sent;
  for (const std::size_t size : {0u, 1u, 1000u, 65'400u, 65'536u, 70'000u, 200'000u, 3'000'000u, 5u}) {
    sent.push_back(Note{"n", Payload::copy_of(std::string(size, 'x'))});
  }
  one.send({kTwo}, sent);
  ASSERT_TRUE(run_until(io_, [&] { return two.received().size() == sent.size(); }));
  for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(two.received()[i].message, sent[i]) << i;
}

TEST_F(TcpCommunicatorTest, a_frame_over_the_limit_is_not_sent) {
  TcpOptions small;
  small.limits.frame_bytes_max = 1000;
  TcpEnd one(io_, 1, small);
  TcpEnd two(io_, 2);
  one.reach({&two});
  one.send({kTwo}, {Note{"n", Payload::copy_of(std::string(1000, 'x'))}, ReadQuery{1}});
  ASSERT_TRUE(run_until(io_, [&] { return two.received().size() == 1; }));
  EXPECT_EQ(two.received()[0].message, Message(ReadQuery{1}));
  EXPECT_EQ(one.stats().frames_refused, 1u);
}

TEST_F(TcpCommunicatorTest, forms_again_whichever_side_restarts) {
  auto one = std::make_unique<TcpEnd>(io_, 1);
  auto two = std::make_unique<TcpEnd>(io_, 2);
  one->reach({two.get()});
  two->reach({one.get()});
  ASSERT_TRUE(joined(*one, 1, *two, 2));
  const std::uint16_t port_one = one->communicator().port();
  const std::uint16_t port_two = two->communicator().port();

  one = nullptr;
  ASSERT_TRUE(run_until(io_, [&] { return !two->is_connected(1); }));
  one = std::make_unique<TcpEnd>(io_, 1, TcpOptions(), port_one);
  ASSERT_TRUE(joined(*one, 1, *two, 2)) << "the one that stayed dials";

  one->reach({two.get()});
  two = nullptr;
  ASSERT_TRUE(run_until(io_, [&] { return !one->is_connected(2); }));
  two = std::make_unique<TcpEnd>(io_, 2, TcpOptions(), port_two);
  ASSERT_TRUE(joined(*one, 1, *two, 2));
}

TEST_F(TcpCommunicatorTest, dials_until_somebody_answers) {
  TcpOptions eager;
  eager.redial_min = eager.redial_max = Duration(200);
  TcpEnd one(io_, 1, eager);
  auto placeholder = std::make_unique<TcpEnd>(io_, 2);
  const std::uint16_t port = placeholder->communicator().port();
  const std::string address = placeholder->address();
  placeholder = nullptr;
  one.communicator().reach({{kTwo, {}, 1, address}});
  ASSERT_TRUE(run_until(io_, [&] { return one.stats().dialled > 5; }));
  TcpEnd two(io_, 2, {}, port);
  EXPECT_TRUE(joined(one, 1, two, 2));
}

TEST_F(TcpCommunicatorTest, a_member_that_left_is_not_dialled_any_more) {
  TcpOptions eager;
  eager.redial_min = eager.redial_max = Duration(100);
  TcpEnd one(io_, 1, eager);
  auto two = std::make_unique<TcpEnd>(io_, 2);
  one.reach({two.get()});
  ASSERT_TRUE(joined(one, 1, *two, 2));
  one.communicator().reach({});
  EXPECT_TRUE(one.is_connected(2)) << "it may still ask";
  two = nullptr;
  ASSERT_TRUE(run_until(io_, [&] { return !one.is_connected(2); }));
  io_.restart();
  while (io_.run_one_for(std::chrono::milliseconds(5)) > 0) {
  }
  EXPECT_EQ(one.stats().dialled, 1u);
  one.send({kTwo}, {ReadQuery{1}});
  EXPECT_EQ(one.stats().receivers_unknown, 1u);
}

TEST_F(TcpCommunicatorTest, stop_from_inside_receive_is_safe) {
  struct Stopper final : Receiver {
    void receive(std::span<Received>) override {
      ++calls;
      communicator->stop();
    }
    TcpCommunicator* communicator = nullptr;
    int calls = 0;
  } stopper;
  TcpEnd one(io_, 1);
  TcpCommunicator two(Strand(io_.get_executor()), "127.0.0.1:0");
  ASSERT_TRUE(two.listen().ok());
  stopper.communicator = &two;
  two.start({kCluster, kTwo, Incarnation(200)}, stopper);
  one.communicator().reach({{kTwo, {}, 1, "127.0.0.1:" + std::to_string(two.port())}});
  one.send({kTwo}, {ReadQuery{1}});
  ASSERT_TRUE(run_until(io_, [&] { return stopper.calls == 1; }));
  one.send({kTwo}, {ReadQuery{2}});
  ASSERT_TRUE(run_until(io_, [&] { return !one.is_connected(2); }));
  EXPECT_EQ(stopper.calls, 1);
}

TEST_F(TcpCommunicatorTest, one_that_goes_leaves_nothing_to_do) {
  {
    TcpEnd one(io_, 1);
    TcpEnd two(io_, 2);
    one.reach({&two});
    ASSERT_TRUE(joined(one, 1, two, 2));
  }
  io_.restart();
  io_.run();  // Ends, since nothing is pending.
  SUCCEED();
}

}  // namespace
}  // namespace synod::test
