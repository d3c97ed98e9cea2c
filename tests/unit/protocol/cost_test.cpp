// What the protocol costs, by counting: messages, syncs, and allocations in the replica itself.
#include <gtest/gtest.h>
#include <synod/replica.hpp>

#include "unit/protocol/support.hpp"
#include "unit/wire/allocation_count.hpp"

namespace synod::testing {
namespace {

constexpr std::uint64_t kWindow = 4096;

class SettledBatches : public ::testing::TestWithParam<std::size_t> {};

// Decision 10: N batches cost at most 2(n-1)N + (n-1) messages and N syncs of each node.
TEST_P(SettledBatches, CostAProposeAndAnAcceptanceForEachFollower) {
  const std::size_t size = GetParam();
  constexpr long kBatches = 100;
  for (const std::uint64_t entries : {1, 64}) {
    Nodes nodes(size, {}, kWindow);
    nodes.append(1, 1, "first");
    nodes.run(std::chrono::milliseconds(50));
    ASSERT_EQ(nodes.view(1).standing, Standing::kLeading);
    for (std::uint64_t id = 1; id <= size; ++id) nodes.at(id).syncs = 0;
    nodes.messages = 0;
    std::uint64_t id = 100;
    for (long batch = 0; batch < kBatches; ++batch) {
      for (std::uint64_t i = 0; i < entries; ++i) nodes.append(1, ++id, "x");
      nodes.run(std::chrono::microseconds(100));
    }
    nodes.run(std::chrono::milliseconds(2));
    const long followers = static_cast<long>(size) - 1;
    EXPECT_LE(nodes.messages, 2 * followers * kBatches + followers);
    for (std::uint64_t node = 1; node <= size; ++node) {
      EXPECT_EQ(nodes.at(node).state.applied.size(), kBatches * entries + 1);
      EXPECT_LE(nodes.at(node).syncs, kBatches);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, SettledBatches, ::testing::Values(3, 5));

// Three replicas driven by hand, so that only what they do themselves is counted.
class Counted {
 public:
  Counted() : nodes_(3, {}, kWindow) {
    nodes_.append(1, 1, "first");
    nodes_.run(std::chrono::milliseconds(50));
    for (std::uint64_t id = 1; id <= 3; ++id) nodes_.at(id).state.keeps_log = false;
    now_ = nodes_.now();
  }

  struct Cost {
    std::size_t leader = 0;
    std::size_t follower = 0;
  };

  // Settles one batch; what the leader and the first follower allocated.
  Cost settle(std::size_t entries) {
    now_ = now_.after(Duration(10));
    Cost cost;
    std::vector<Append> appends(entries);
    for (Append& append : appends) append.entry = entry(++id_, "payload");
    Replica& leader = *nodes_.at(1).replica;
    cost.leader += counted([&] {
      for (Append& append : appends) leader.step(now_, std::move(append));
      leader.take_output(out_);
    });
    std::vector<Message> proposals;
    for (const Outgoing& each : out_.messages) proposals.push_back(each.message);
    cost.leader += counted([&] { leader.step(now_, Written{out_.sequence}); });
    for (const std::uint64_t id : {2, 3}) {
      Replica& follower = *nodes_.at(id).replica;
      std::vector<Message> copies = proposals;
      const std::size_t allocated = counted([&] {
        for (Message& each : copies) follower.step(now_, Deliver{n(1), memory_of(1), std::move(each)});
        follower.take_output(follower_out_);
        follower.step(now_, Written{follower_out_.sequence});
      });
      if (id == 2) cost.follower += allocated;
      for (Outgoing& each : follower_out_.after_records) {
        cost.leader += counted([&] {
          leader.step(now_, Deliver{n(id), memory_of(id), std::move(each.message)});
        });
      }
    }
    return cost;
  }

  // Of one batch, on average.
  Cost average(std::size_t entries) {
    for (int warm_up = 0; warm_up < 64; ++warm_up) (void)settle(entries);
    constexpr std::size_t kBatches = 64;
    Cost sum;
    for (std::size_t i = 0; i < kBatches; ++i) {
      const Cost cost = settle(entries);
      sum.leader += cost.leader;
      sum.follower += cost.follower;
    }
    return {sum.leader / kBatches, sum.follower / kBatches};
  }

  [[nodiscard]] RoundNum applied(std::uint64_t id) { return nodes_.view(id).applied; }

 private:
  template <class Work>
  static std::size_t counted(Work work) {
    const AllocationCount count;
    work();
    return count.allocations();
  }

  Nodes nodes_;
  Timestamp now_;
  std::uint64_t id_ = 1000;
  Output out_;
  Output follower_out_;
};

// No allocation per entry: a batch costs about the same however many entries it has. The slack is
// for vectors that double, and for tables that grow now and then.
TEST(Allocations, OfABatchDoNotGrowWithItsEntries) {
  Counted counted;
  const Counted::Cost one = counted.average(1);
  const Counted::Cost some = counted.average(64);
  const Counted::Cost many = counted.average(512);
  RecordProperty("leader_1", static_cast<int>(one.leader));
  RecordProperty("leader_64", static_cast<int>(some.leader));
  RecordProperty("leader_512", static_cast<int>(many.leader));
  RecordProperty("follower_1", static_cast<int>(one.follower));
  RecordProperty("follower_512", static_cast<int>(many.follower));
  std::printf("allocations per batch of 1, 64, 512: leader %zu %zu %zu, follower %zu %zu %zu\n",
              one.leader, some.leader, many.leader, one.follower, some.follower, many.follower);
  constexpr std::size_t kSlack = 24;
  EXPECT_LE(some.leader, one.leader + kSlack);
  EXPECT_LE(many.leader, one.leader + kSlack);
  EXPECT_LE(some.follower, one.follower + kSlack);
  EXPECT_LE(many.follower, one.follower + kSlack);
  EXPECT_GT(counted.applied(2), r(30'000));
}

}  // namespace
}  // namespace synod::testing
