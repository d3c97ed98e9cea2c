// How nodes begin and end, also at bad moments.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "integration/accounts.hpp"

namespace synod::test {
namespace {

TEST(Node, TwoClustersShareOneIoContext) {
  asio::io_context io;
  const std::vector<Member> members = members_on_free_ports(2);
  std::vector<std::unique_ptr<AccountNode>> nodes;
  std::vector<std::int64_t> totals;
  for (const Member& member : members) {
    NodeOptions options = options_of(member.id, {member});
    options.cluster = "alone " + to_string(member.id);
    nodes.push_back(
        std::make_unique<AccountNode>(io, std::move(options), tcp(member.address), memory()));
    AccountNode& node = *nodes.back();
    node.async_start([&](absl::Status status) {
      ASSERT_TRUE(status.ok()) << status;
      node.async_append(deposit(1, 10), [&](absl::StatusOr<std::int64_t> total) {
        totals.push_back(total.value_or(-1));
        node.async_shut_down([](absl::Status) {});
      });
    });
  }
  io.run();  // Returns, because nothing of a node that was shut down is left.
  EXPECT_EQ(totals, (std::vector<std::int64_t>{10, 10}));
}

// One turn completes all three; the handlers are called one after the other, and what one of them
// throws leaves run(), as with Asio's own operations, and takes nothing from the others.
TEST(Node, AHandlerThatThrowsTakesNothingFromTheOthers) {
  asio::io_context io;
  const std::vector<Member> members = members_on_free_ports(1);
  AccountNode node(io, options_of(NodeId(1), members), tcp(members[0].address), memory());
  std::vector<std::int64_t> heard;
  node.async_start([&](absl::Status status) {
    ASSERT_TRUE(status.ok()) << status;
    for (std::uint64_t low = 1; low <= 3; ++low) {
      node.async_append(deposit(low, 10), [&heard, low](absl::StatusOr<std::int64_t> total) {
        heard.push_back(total.value_or(-1));
        if (low < 3) throw low;
      });
    }
  });
  int thrown = 0;
  while (heard.size() < 3) {
    try {
      io.run_one();
    } catch (std::uint64_t) {
      ++thrown;
    }
  }
  EXPECT_EQ(thrown, 2);
  EXPECT_EQ(heard, (std::vector<std::int64_t>{10, 20, 30}));
}

TEST(Node, AStartThatFailsSaysWhyAndLeavesNothingRunning) {
  asio::io_context io;
  const std::vector<Member> members = members_on_free_ports(1);
  asio::ip::tcp::acceptor taken(io, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  AccountNode node(io, options_of(NodeId(1), members),
                   tcp("127.0.0.1:" + std::to_string(taken.local_endpoint().port())), memory());
  absl::Status started;
  absl::Status stopped;
  std::optional<AppendErrorKind> append;
  node.async_start([&](absl::Status status) { started = status; });
  node.async_wait_stopped([&](absl::Status status) { stopped = status; });
  node.async_append(deposit(1, 1), [&](absl::StatusOr<std::int64_t> total) {
    append = kind_of_error(total.status());
  });
  io.run();
  EXPECT_FALSE(started.ok());
  EXPECT_EQ(stopped, started);
  EXPECT_EQ(append, AppendErrorKind::kShutDown);
}

TEST(Node, OptionsThatCannotBeAreRefused) {
  asio::io_context io;
  AccountNode node(io, NodeOptions{.cluster = "accounts"}, tcp("127.0.0.1:0"), memory());
  absl::Status started;
  node.async_start([&](absl::Status status) { started = status; });
  io.run();
  EXPECT_EQ(started.code(), absl::StatusCode::kInvalidArgument);
}

TEST(Node, BeforeTheStartNothingHappens) {
  asio::io_context io;
  const std::vector<Member> members = members_on_free_ports(1);
  AccountNode node(io, options_of(NodeId(1), members), tcp(members[0].address), memory());
  std::optional<AppendErrorKind> append;
  node.async_append(deposit(1, 1), [&](absl::StatusOr<std::int64_t> total) {
    append = kind_of_error(total.status());
  });
  io.run();
  EXPECT_EQ(append, AppendErrorKind::kDisoriented);
}

// One of three alone: whatever it is asked for waits.
struct Lonely {
  explicit Lonely(asio::io_context& io) : members(members_on_free_ports(3)) {
    node = make_node(io, NodeId(1), members, memory());
    node->async_start([this](absl::Status status) { started = status; });
    node->async_append(deposit(1, 1), [this](absl::StatusOr<std::int64_t> total) {
      append = kind_of_error(total.status());
    });
    node->async_read(kLinearizable, total_of, [this](absl::StatusOr<std::int64_t> total) {
      read = kind_of_error(total.status());
    });
    node->async_wait_stopped([this](absl::Status status) { stopped = status; });
  }

  std::vector<Member> members;
  std::unique_ptr<AccountNode> node;
  std::optional<absl::Status> started;
  std::optional<absl::Status> stopped;
  std::optional<AppendErrorKind> append;
  std::optional<AppendErrorKind> read;
};

TEST(Node, ShuttingDownEndsWhatWaits) {
  asio::io_context io;
  Lonely lonely(io);
  std::optional<absl::Status> ended;
  lonely.node->async_shut_down([&](absl::Status status) { ended = status; });
  io.run();
  EXPECT_EQ(lonely.started, absl::OkStatus());
  EXPECT_EQ(lonely.append, AppendErrorKind::kShutDown);
  EXPECT_EQ(lonely.read, AppendErrorKind::kShutDown);
  EXPECT_EQ(lonely.stopped, absl::OkStatus());
  EXPECT_EQ(ended, absl::OkStatus());
}

TEST(Node, DestroyingEndsWhatWaitsWithoutBlocking) {
  asio::io_context io;
  Lonely lonely(io);
  lonely.node.reset();  // Nothing runs the context yet: blocking would be for ever.
  EXPECT_EQ(lonely.append, std::nullopt);
  io.run();
  EXPECT_EQ(lonely.append, AppendErrorKind::kShutDown);
  EXPECT_EQ(lonely.read, AppendErrorKind::kShutDown);
  EXPECT_EQ(lonely.stopped, absl::OkStatus());
}

TEST(Node, DestroyingWhileThreadsRunEndsWhatWaits) {
  Threads threads;
  auto members = members_on_free_ports(3);
  auto node = make_node(threads.io, NodeId(1), members, memory());
  ASSERT_TRUE(node->async_start(asio::use_future).get().ok());
  auto append = node->async_append(deposit(1, 1), asio::use_future);
  node.reset();
  EXPECT_EQ(kind_of_error(append.get().status()), AppendErrorKind::kShutDown);
  threads.finish();
}

TEST(Node, AContextMayGoWithEverythingInIt) {
  std::optional<Lonely> lonely;
  bool heard = false;
  {
    asio::io_context io;
    lonely.emplace(io);
    lonely->node->async_wait_stopped([&](absl::Status) { heard = true; });
    io.poll();
    lonely->node.reset();
  }
  EXPECT_FALSE(heard);
}

}  // namespace
}  // namespace synod::test
