// Nodes as applications use them: appending, reading, remembering, and telling.
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <asio/bind_executor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>

#include "integration/accounts.hpp"

namespace synod::test {
namespace {

TEST(Node, ThreeAgreeAndEachAppends) {
  Threads threads;
  Cluster3 cluster(threads.io);
  std::int64_t expected = 0;
  for (std::uint64_t i = 0; i < 9; ++i) {
    expected += 10;
    const absl::StatusOr<std::int64_t> total =
        cluster.nodes[i % 3]->async_append(deposit(i, 10), asio::use_future).get();
    ASSERT_TRUE(total.ok()) << total.status();
    EXPECT_EQ(*total, expected);
  }
  for (auto& node : cluster.nodes) {
    const absl::StatusOr<std::int64_t> total =
        node->async_read(kLinearizable, total_of, asio::use_future).get();
    ASSERT_TRUE(total.ok()) << total.status();
    EXPECT_EQ(*total, 90);
    const NodeStatus status = node->async_status(asio::use_future).get();
    EXPECT_TRUE(status.running);
    EXPECT_EQ(status.state_digest, 90u);
    EXPECT_EQ(status.participation, Participation::kActive);
  }
  cluster.shut_down();
}

// Node 4 knows where the others are and nothing else: it learns what they agreed on, hands its own
// appends over, and has no say.
TEST(Node, ANodeThatJoinsLearnsAndHandsOver) {
  Threads threads;
  Cluster3 cluster(threads.io);
  ASSERT_EQ(cluster.nodes[0]->async_append(deposit(1, 10), asio::use_future).get().value_or(-1),
            10);

  NodeOptions options = options_of(NodeId(4), {});
  options.peers = cluster.members;
  auto joining =
      std::make_unique<AccountNode>(threads.io, std::move(options), tcp("127.0.0.1:0"), memory());
  TrackLeadership& leadership = joining->decorate<TrackLeadership>();
  joining->decorate<Delegation>({}, leadership);
  ASSERT_TRUE(joining->async_start(asio::use_future).get().ok());
  EXPECT_EQ(joining->async_append(deposit(2, 5), asio::use_future).get().value_or(-1), 15);
  EXPECT_EQ(joining->async_read(kLinearizable, total_of, asio::use_future).get().value_or(-1), 15);
  const NodeStatus status = joining->async_status(asio::use_future).get();
  EXPECT_EQ(status.state_digest, 15u);
  ASSERT_NE(status.cluster, nullptr);
  EXPECT_EQ(status.cluster->members.size(), 3u);
  EXPECT_TRUE(joining->async_shut_down(asio::use_future).get().ok());
  cluster.shut_down();
}

asio::awaitable<void> use_as_a_coroutine(AccountNode& node, std::promise<std::string>& done) {
  const Save save{5};
  const absl::StatusOr<std::string> saved = co_await node.async_append(save, asio::use_awaitable);
  const absl::StatusOr<std::int64_t> added =
      co_await node.async_append(deposit(1, 10), AppendOptions(), asio::use_awaitable);
  const absl::StatusOr<std::int64_t> read =
      co_await node.async_read(kStale, total_of, asio::use_awaitable);
  done.set_value((saved.ok() ? *saved : saved.status().ToString()) + ", " +
                 std::to_string(added.value_or(-1)) + ", " + std::to_string(read.value_or(-1)));
}

TEST(Node, CallbackFutureAndCoroutineAllWork) {
  Threads threads;
  const std::vector<Member> members = members_on_free_ports(1);
  auto node = make_node(threads.io, NodeId(1), members, memory());
  ASSERT_TRUE(node->async_start(asio::use_future).get().ok());

  std::promise<std::string> coroutine;
  asio::co_spawn(threads.io, use_as_a_coroutine(*node, coroutine), asio::detached);
  EXPECT_EQ(coroutine.get_future().get(), "now 5, 15, 15");

  std::promise<std::int64_t> callback;
  node->async_append(deposit(2, 10), [&](absl::StatusOr<std::int64_t> total) {
    callback.set_value(total.value_or(-1));
  });
  EXPECT_EQ(callback.get_future().get(), 25);

  EXPECT_EQ(node->async_append(deposit(3, 10), asio::use_future).get().value_or(-1), 35);
}

TEST(Node, AHandlerRunsOnItsOwnExecutor) {
  asio::thread_pool pool(1);  // Outlives the node's threads, which post to it.
  Threads threads;
  std::promise<std::thread::id> pool_thread;
  asio::post(pool, [&] { pool_thread.set_value(std::this_thread::get_id()); });
  const std::vector<Member> members = members_on_free_ports(1);
  auto node = make_node(threads.io, NodeId(1), members, memory());

  std::promise<std::thread::id> handler_thread;
  node->async_start(asio::bind_executor(
      pool, [&](absl::Status) { handler_thread.set_value(std::this_thread::get_id()); }));
  EXPECT_EQ(handler_thread.get_future().get(), pool_thread.get_future().get());
}

TEST(Node, ARepeatGivesTheFirstOutcome) {
  Threads threads;
  const std::vector<Member> members = members_on_free_ports(1);
  auto node = make_node(threads.io, NodeId(1), members, memory());
  ASSERT_TRUE(node->async_start(asio::use_future).get().ok());
  EXPECT_EQ(node->async_append(deposit(1, 10), asio::use_future).get().value_or(-1), 10);
  EXPECT_EQ(node->async_append(deposit(2, 10), asio::use_future).get().value_or(-1), 20);
  AppendOptions again;
  again.id_minted_here = false;
  EXPECT_EQ(node->async_append(deposit(1, 10), again, asio::use_future).get().value_or(-1), 10);
  EXPECT_EQ(node->async_read(kStale, total_of, asio::use_future).get().value_or(-1), 20);
}

// Notes until which round each applied entry may take effect.
class Expiries final : public Decoration {
 public:
  struct Options {};
  explicit Expiries(Options) {}
  [[nodiscard]] std::string_view name() const override { return "expiries"; }
  void on_event(DecorationContext&, const Event& event) override {
    if (const auto* applied = std::get_if<Applied>(&event)) {
      seen[applied->placed.entry.id.low] = applied->placed.entry.last_round;
    }
  }
  std::map<std::uint64_t, RoundNum> seen;
};

// An id made for this append expires before the table of ids forgets it; one that may have been
// sent before has the expiry that it was sent with, and if none is named, none.
TEST(Node, AnAppendWithoutAnExpiryGetsOneThatTheTableOutlives) {
  Threads threads(1);
  const std::vector<Member> members = members_on_free_ports(1);
  NodeOptions options = options_of(NodeId(1), members);
  options.remembered_rounds = 100;
  AccountNode node(threads.io, std::move(options), tcp(members[0].address), memory());
  Expiries& expiries = node.decorate<Expiries>();
  ASSERT_TRUE(node.async_start(asio::use_future).get().ok());
  AppendOptions own;
  own.last_round = RoundNum(77);
  AppendOptions repeat;
  repeat.id_minted_here = false;
  EXPECT_EQ(node.async_append(deposit(1, 1), asio::use_future).get().value_or(-1), 1);
  EXPECT_EQ(node.async_append(deposit(2, 1), own, asio::use_future).get().value_or(-1), 2);
  EXPECT_EQ(node.async_append(deposit(3, 1), repeat, asio::use_future).get().value_or(-1), 3);
  ASSERT_TRUE(node.async_shut_down(asio::use_future).get().ok());
  EXPECT_EQ(expiries.seen[1], RoundNum(50));
  EXPECT_EQ(expiries.seen[2], RoundNum(77));
  EXPECT_EQ(expiries.seen[3], RoundNum::max());
}

TEST(Node, AJournalBringsEverythingBack) {
  const TemporaryDirectory directory;
  const auto storage = [&](NodeId id) { return journal(directory.part(id)); };
  std::vector<Member> members;
  {
    Threads threads;
    Cluster3 cluster(threads.io, storage);
    members = cluster.members;
    for (std::uint64_t i = 0; i < 3; ++i) {
      const auto total = cluster.nodes[i]->async_append(deposit(i, 10), asio::use_future).get();
      ASSERT_TRUE(total.ok()) << total.status();
    }
    cluster.shut_down();
  }
  Threads threads;
  Cluster3 cluster(threads.io, storage);
  for (auto& node : cluster.nodes) {
    const auto total = node->async_read(kLinearizable, total_of, asio::use_future).get();
    ASSERT_TRUE(total.ok()) << total.status();
    EXPECT_EQ(*total, 30);
  }
  cluster.shut_down();
}

TEST(Node, ObserversSeeWhatHappens) {
  asio::io_context io;
  const std::vector<Member> members = members_on_free_ports(1);
  auto node = make_node(io, NodeId(1), members, memory());
  std::vector<std::int64_t> effects;
  int applied = 0;
  node->on_applied(
      [&](const AppliedEffect<Account>& effect) { effects.push_back(effect.outcome); });
  node->on_event([](const Event&) { throw std::runtime_error("an observer's"); });
  node->on_event([&](const Event& event) { applied += std::holds_alternative<Applied>(event); });
  node->async_start([&](absl::Status) {
    node->async_append(deposit(1, 10), [&](absl::StatusOr<std::int64_t>) {
      node->async_shut_down([](absl::Status) {});
    });
  });
  io.run();
  EXPECT_EQ(effects, std::vector<std::int64_t>{10});
  EXPECT_GE(applied, 1);
}

TEST(Node, ASnapshotTravels) {
  Threads threads;
  const std::vector<Member> members = members_on_free_ports(1);
  auto node = make_node(threads.io, NodeId(1), members, memory());
  ASSERT_TRUE(node->async_start(asio::use_future).get().ok());
  ASSERT_TRUE(node->async_append(deposit(1, 10), asio::use_future).get().ok());
  const absl::StatusOr<SnapshotPtr> snapshot = node->async_take_snapshot(asio::use_future).get();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  node->eject("on purpose");
  const auto lost = node->async_read(kStale, total_of, asio::use_future).get();
  EXPECT_FALSE(lost.ok());
  node->install_snapshot(*snapshot);
  EXPECT_EQ(node->async_read(kStale, total_of, asio::use_future).get().value_or(-1), 10);
}

TEST(NodeDeathTest, DecoratingARunningNodeIsABrokenInvariant) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        asio::io_context io;
        const std::vector<Member> members = members_on_free_ports(1);
        AccountNode node(io, options_of(NodeId(1), members), tcp(members[0].address), memory());
        node.async_start([](absl::Status) {});
        node.decorate<TrackLeadership>();
      },
      "before the node starts");
}

}  // namespace
}  // namespace synod::test
