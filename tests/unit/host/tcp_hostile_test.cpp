// What others may do to a node's port. Each time: that connection ends, it is counted, the node goes on.
#include "unit/host/tcp_test_support.hpp"

#include <synod/prng.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace synod::test {
namespace {

class TcpHostileTest : public ::testing::Test {
 protected:
  void build(const TcpOptions& options = {}) { node_ = std::make_unique<TcpEnd>(io_, 1, options); }
  const TcpStats& stats() const { return node_->stats(); }
  [[nodiscard]] bool closed(std::uint64_t count) {
    return run_until(io_, [&] { return stats().closed == count; });
  }
  // A peer that means well is still served.
  [[nodiscard]] bool node_serves() {
    const std::size_t before = node_->received().size();
    TcpEnd friendly(io_, 2);
    friendly.reach({node_.get()});
    friendly.send({NodeId(1)}, {ReadQuery{1}});
    return run_until(io_, [&] { return node_->received().size() == before + 1; });
  }

  asio::io_context io_;
  std::unique_ptr<TcpEnd> node_;
};

TEST_F(TcpHostileTest, garbage_instead_of_a_hello) {
  build();
  Prng prng(5);
  for (std::uint64_t i = 1; i <= 50; ++i) {
    Stranger stranger(io_, *node_);
    Bytes garbage(200);
    for (std::byte& byte : garbage) byte = static_cast<std::byte>(prng.below(256));
    stranger.say(garbage);
    ASSERT_TRUE(closed(i));
  }
  EXPECT_EQ(stats().strangers, 50u);
  EXPECT_TRUE(node_serves());
}

TEST_F(TcpHostileTest, another_cluster) {
  build();
  Stranger stranger(io_, *node_);
  tcp_detail::Hello hello = Stranger::hello(7);
  hello.cluster = ClusterId::of("another");
  stranger.say(tcp_detail::encode_hello(hello));
  ASSERT_TRUE(closed(1));
  EXPECT_EQ(stats().strangers, 1u);
  EXPECT_EQ(stats().handshakes_completed, 0u);
  EXPECT_TRUE(node_serves());
}

TEST_F(TcpHostileTest, one_that_says_it_is_this_node_or_nobody) {
  build();
  Stranger self(io_, *node_);
  self.say_hello(1);
  ASSERT_TRUE(closed(1));
  Stranger nobody(io_, *node_);
  nobody.say_hello(0);
  ASSERT_TRUE(closed(2));
  EXPECT_EQ(stats().strangers, 2u);
}

TEST_F(TcpHostileTest, another_version) {
  build();
  Stranger stranger(io_, *node_);
  tcp_detail::Hello hello = Stranger::hello(7);
  hello.version = kFormatVersion + 1;
  stranger.say(tcp_detail::encode_hello(hello));
  ASSERT_TRUE(closed(1));
  EXPECT_EQ(stats().other_versions, 1u);
  EXPECT_TRUE(node_serves());
}

TEST_F(TcpHostileTest, a_damaged_hello) {
  build();
  for (std::size_t place = 0; place < tcp_detail::kHelloBytes; ++place) {
    Stranger stranger(io_, *node_);
    auto bytes = tcp_detail::encode_hello(Stranger::hello(7));
    bytes[place] ^= std::byte{0x10};
    stranger.say(bytes);
    ASSERT_TRUE(closed(place + 1));
  }
  EXPECT_EQ(stats().strangers, tcp_detail::kHelloBytes);
  EXPECT_EQ(stats().handshakes_completed, 0u);
}

TEST_F(TcpHostileTest, garbage_after_the_hello) {
  build();
  Stranger stranger(io_, *node_);
  stranger.say_hello(7);
  stranger.say(Bytes(500, std::byte{0x5a}));
  ASSERT_TRUE(closed(1));
  EXPECT_EQ(stats().frames_damaged, 1u);
  EXPECT_TRUE(node_->received().empty());
  EXPECT_TRUE(node_serves());
}

TEST_F(TcpHostileTest, a_frame_that_claims_to_be_too_long) {
  TcpOptions options;
  options.limits.frame_bytes_max = 1000;
  build(options);
  Stranger stranger(io_, *node_);
  stranger.say_hello(7);
  const Bytes frame = Stranger::frame(7, Note{"n", Payload::copy_of(std::string(2000, 'x'))});
  stranger.say(std::span(frame).first(kFrameHeaderBytes));  // The header is enough.
  ASSERT_TRUE(closed(1));
  EXPECT_EQ(stats().frames_too_long, 1u);
}

TEST_F(TcpHostileTest, what_came_before_a_wrong_checksum_is_delivered_and_nothing_after_it) {
  build();
  Stranger stranger(io_, *node_);
  stranger.say_hello(7);
  Bytes bytes = Stranger::frame(7, ReadQuery{1});
  Bytes damaged = Stranger::frame(7, ReadQuery{2});
  damaged.back() ^= std::byte{1};
  const Bytes after = Stranger::frame(7, ReadQuery{3});
  bytes.insert(bytes.end(), damaged.begin(), damaged.end());
  bytes.insert(bytes.end(), after.begin(), after.end());
  stranger.say(bytes);
  ASSERT_TRUE(closed(1));
  EXPECT_EQ(stats().frames_damaged, 1u);
  ASSERT_EQ(node_->received().size(), 1u);
  EXPECT_EQ(node_->received()[0].message, Message(ReadQuery{1}));
}

TEST_F(TcpHostileTest, a_frame_in_anothers_name_or_of_another_cluster) {
  build();
  Stranger forger(io_, *node_);
  forger.say_hello(7);
  forger.say(Stranger::frame(8, ReadQuery{1}));
  ASSERT_TRUE(closed(1));
  Stranger mixed(io_, *node_);
  mixed.say_hello(7);
  mixed.say(Stranger::frame(7, ReadQuery{1}, ClusterId::of("another")));
  ASSERT_TRUE(closed(2));
  EXPECT_EQ(stats().frames_damaged, 2u);
  EXPECT_TRUE(node_->received().empty());
}

TEST_F(TcpHostileTest, half_a_hello_and_half_a_frame_then_the_end) {
  build();
  const auto hello = tcp_detail::encode_hello(Stranger::hello(7));
  Stranger first(io_, *node_);
  first.say(std::span(hello).first(20));
  first.close();
  ASSERT_TRUE(closed(1));
  Stranger second(io_, *node_);
  second.say_hello(7);
  const Bytes frame = Stranger::frame(7, ReadQuery{1});
  second.say(std::span(frame).first(frame.size() - 1));
  second.half_close();
  ASSERT_TRUE(closed(2));
  EXPECT_TRUE(node_->received().empty());
  EXPECT_TRUE(node_serves());
}

TEST_F(TcpHostileTest, one_that_says_nothing_is_closed_in_time) {
  TcpOptions options;
  options.handshake_timeout = std::chrono::milliseconds(5);
  build(options);
  Stranger silent(io_, *node_);
  ASSERT_TRUE(closed(1));
  EXPECT_EQ(stats().handshakes_timed_out, 1u);
}

TEST_F(TcpHostileTest, thousands_of_idle_sockets_stay_few_and_keep_nobody_out) {
  TcpOptions options;
  options.handshakes_max = 16;
  options.handshake_timeout = std::chrono::hours(1);
  build(options);
  std::vector<std::unique_ptr<Stranger>> idle;
  for (std::uint64_t i = 1; i <= 3000; ++i) {
    idle.push_back(std::make_unique<Stranger>(io_, *node_));
    ASSERT_TRUE(run_until(io_, [&] { return stats().accepted == i; }));
    ASSERT_LE(stats().accepted - stats().closed, 16u);
    if (idle.size() > 100) idle.erase(idle.begin());
  }
  EXPECT_GE(stats().handshakes_dropped, 2900u);
  EXPECT_TRUE(node_serves());
}

TEST_F(TcpHostileTest, guests_are_few) {
  TcpOptions options;
  options.guests_max = 3;
  build(options);
  std::vector<std::unique_ptr<Stranger>> guests;
  for (std::uint64_t id = 10; id < 15; ++id) {
    guests.push_back(std::make_unique<Stranger>(io_, *node_));
    guests.back()->say_hello(id);
  }
  ASSERT_TRUE(closed(2));
  EXPECT_EQ(stats().guests_refused, 2u);
  EXPECT_EQ(stats().handshakes_completed, 3u);
  guests[0]->close();
  ASSERT_TRUE(closed(3));
  EXPECT_TRUE(node_serves()) << "one that went makes room";
}

TEST_F(TcpHostileTest, a_reader_that_is_slow_gets_the_newest_and_costs_a_bounded_queue) {
  TcpOptions options;
  options.queue_bytes_max = 1u << 20;
  build(options);
  Stranger slow(io_, *node_, 4096);
  slow.say_hello(7);
  ASSERT_TRUE(run_until(io_, [&] { return node_->is_connected(7); }));
  constexpr std::uint64_t kMessages = 1000;
  for (std::uint64_t i = 0; i < kMessages; ++i) {
    node_->send({NodeId(7)}, {Note{std::to_string(i), Payload::copy_of(std::string(60'000, 'x'))}});
  }
  EXPECT_GT(stats().frames_dropped, 0u);

  // Now it reads. Nothing may come in part, and the last one must be there.
  const std::uint64_t expected = kMessages - stats().frames_dropped;
  std::array<std::byte, tcp_detail::kHelloBytes> hello;
  asio::read(slow.socket(), asio::buffer(hello));
  slow.socket().non_blocking(true);
  tcp_detail::TcpFrames frames(Limits(), 64u << 10);
  std::vector<Received> received;
  const auto read_all = [&] {
    asio::error_code error;
    const std::span<std::byte> room = frames.room();
    const std::size_t bytes =
        slow.socket().read_some(asio::buffer(room.data(), room.size()), error);
    frames.filled(error ? 0 : bytes);
    EXPECT_EQ(frames.take(kCluster, NodeId(1), received).fault, tcp_detail::StreamFault::kNone);
    return received.size() == expected;
  };
  ASSERT_TRUE(run_until(io_, read_all));
  EXPECT_EQ(std::get<Note>(received.back().message).name, std::to_string(kMessages - 1));
  EXPECT_EQ(stats().frames_sent, expected);
}

}  // namespace
}  // namespace synod::test
