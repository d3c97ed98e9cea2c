// File: communicator_contract.hpp
//
// What every communicator must do, as a GoogleTest suite to run on one's own:
//
//   class MyWorld final : public synod::testing::CommunicatorWorld { … };
//   INSTANTIATE_TEST_SUITE_P(Mine, CommunicatorContract, ::testing::Values(
//       [] { return std::make_unique<MyWorld>(); }));
//
// after `using synod::testing::CommunicatorContract;`, in one source file of the test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <synod/communicator.hpp>

namespace synod::testing {

// Where communicators that reach each other come from. It outlives them.
class CommunicatorWorld {
 public:
  virtual ~CommunicatorWorld() = default;
  // A communicator for `id`, not started yet; the last one made for it is gone.
  virtual std::unique_ptr<Communicator> make(NodeId id) = 0;
  // Where the communicator made for `id` is found; may be empty where addresses mean nothing.
  virtual std::string address(NodeId id) = 0;
  // Lets things happen: until there is nothing to do, or for some milliseconds. It is called again
  // and again, so it need not be long enough for anything.
  virtual void run() = 0;
  // The largest payload that a message may have there.
  virtual std::size_t payload_bytes_max() { return 900'000; }
};

// One message of each kind, the places of the list in order.
inline std::vector<Message> one_of_each_kind() {
  const CoordNum coord = {7, NodeId(2), Incarnation(0xabc)};
  const Entry entry = {EntryId{1, 2}, EntryKind::kState, 0, RoundNum(99),
                       Payload::copy_of("some payload")};
  const PlacedEntry placed = {RoundNum(5), coord, entry};
  const CommitRun run = {RoundNum(3), coord, {EntryId{3, 4}, EntryId{5, 6}}};
  GenesisMap map;
  map.members = {{{NodeId(1), {}, 1, "one:1"}, Incarnation(11)},
                 {{NodeId(2), {}, 1, "two:2"}, Incarnation(22)}};
  std::vector<Message> all = {
      Prepare{RoundNum(4), coord},
      Promise{coord, RoundNum(4), RoundNum(4), 0, 1, {placed}, {}},
      Conflict{coord, RoundNum(4), coord, RoundNum(3), placed},
      Abstention{coord, RoundNum(4), true, {}},
      Propose{coord, RoundNum(4), {entry, entry}, {run}, Duration(17)},
      Acceptance{coord, RoundNum(4), 2, {}},
      Rejection{coord, RoundNum(4), {}},
      Commit{{placed}, {run}, Duration::max()},
      Fetch{8, RoundNum(1), RoundNum(9)},
      Entries{8, RoundNum(5), {placed}, RoundNum(5), RoundNum(1), RoundNum(4)},
      SnapshotRequest{RoundNum(0), 0},
      SnapshotChunk{RoundNum(6), 0, 5, 77, Payload::copy_of("chunk")},
      ReadQuery{12},
      ReadAnswer{12, RoundNum(6), RoundNum(5)},
      LeadershipRequest{RoundNum(6)},
      GenesisNote{GenesisStage::kFixed, true, map},
      Announcement{Incarnation(1), 13},
      Challenge{13},
      Note{"somebody", Payload::copy_of("note")},
      GenesisPrepare{coord, map},
      GenesisPromise{coord, coord, map},
      GenesisPropose{coord, map},
      GenesisAcceptance{coord},
      GenesisConflict{coord, coord},
      Vouch{{NodeId(3), Incarnation(1), Incarnation(2)}},
  };
  return all;
}

// A communicator with a node's side that remembers what it was given.
class CommunicatorEnd final : public Receiver {
 public:
  CommunicatorEnd(CommunicatorWorld& world, NodeId id, Incarnation incarnation)
      : id_(id), incarnation_(incarnation), communicator_(world.make(id)) {}

  void start(const std::vector<Member>& members) {
    communicator_->start({ClusterId::of("contract"), id_, incarnation_}, *this);
    reach(members);
  }
  void reach(const std::vector<Member>& members) { communicator_->reach(members); }
  void send(std::vector<NodeId> to, std::vector<Message> messages) {
    std::vector<Outgoing> turn;
    for (Message& message : messages) turn.push_back({to, std::move(message)});
    sending_ = true;
    communicator_->send(turn);
    sending_ = false;
  }
  void stop() {
    communicator_->stop();
    stopped_ = true;
  }
  void receive(std::span<Received> received) override {
    EXPECT_FALSE(sending_) << "receive() was called from inside send()";
    EXPECT_FALSE(stopped_) << "receive() was called after stop()";
    for (Received& message : received) received_.push_back(std::move(message));
  }

  [[nodiscard]] bool has(NodeId from, Incarnation incarnation, const Message& message) const {
    for (const Received& one : received_) {
      const bool same_sender = one.from == from && one.incarnation == incarnation;
      if (same_sender && one.message == message) return true;
    }
    return false;
  }
  [[nodiscard]] const std::vector<Received>& received() const { return received_; }
  [[nodiscard]] NodeId id() const { return id_; }
  [[nodiscard]] Incarnation incarnation() const { return incarnation_; }

 private:
  NodeId id_;
  Incarnation incarnation_;
  std::unique_ptr<Communicator> communicator_;
  std::vector<Received> received_;
  bool sending_ = false;
  bool stopped_ = false;
};

using CommunicatorWorldFactory = std::function<std::unique_ptr<CommunicatorWorld>()>;

class CommunicatorContract : public ::testing::TestWithParam<CommunicatorWorldFactory> {
 protected:
  static constexpr int kAttempts = 2000;

  CommunicatorContract() : world_(GetParam()()) {
    for (std::uint64_t id = 1; id <= 3; ++id) ends_.push_back(make(NodeId(id), Incarnation(id)));
    for (const auto& end : ends_) members_.push_back({end->id(), {}, 1, world_->address(end->id())});
    for (const auto& end : ends_) end->start(members_);
  }

  std::unique_ptr<CommunicatorEnd> make(NodeId id, Incarnation incarnation) {
    return std::make_unique<CommunicatorEnd>(*world_, id, incarnation);
  }
  CommunicatorEnd& end(std::size_t number) { return *ends_[number - 1]; }

  // Sends it until it arrives, since any one may be lost.
  bool arrives(CommunicatorEnd& from, CommunicatorEnd& to, const Message& message) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      from.send({to.id()}, {message});
      world_->run();
      if (to.has(from.id(), from.incarnation(), message)) return true;
    }
    return false;
  }

  std::unique_ptr<CommunicatorWorld> world_;
  std::vector<std::unique_ptr<CommunicatorEnd>> ends_;
  std::vector<Member> members_;
};

TEST_P(CommunicatorContract, every_kind_of_message_arrives_as_it_was_sent) {
  const std::vector<Message> all = one_of_each_kind();
  ASSERT_EQ(all.size(), std::variant_size_v<Message>);
  for (std::size_t kind = 0; kind < all.size(); ++kind) {
    ASSERT_EQ(all[kind].index(), kind);
    EXPECT_TRUE(arrives(end(1), end(2), all[kind])) << kind_of(all[kind]);
  }
}

TEST_P(CommunicatorContract, every_pair_is_joined_both_ways) {
  for (const auto& from : ends_) {
    for (const auto& to : ends_) {
      if (from == to) continue;
      EXPECT_TRUE(arrives(*from, *to, ReadQuery{from->id().value()}))
          << from->id().value() << " to " << to->id().value();
    }
  }
}

TEST_P(CommunicatorContract, a_message_to_several_arrives_at_each) {
  const Message message = ReadQuery{42};
  const auto all_have_it = [&] {
    return end(2).has(NodeId(1), Incarnation(1), message) &&
           end(3).has(NodeId(1), Incarnation(1), message);
  };
  for (int attempt = 0; attempt < kAttempts && !all_have_it(); ++attempt) {
    end(1).send({NodeId(2), NodeId(3)}, {message});
    world_->run();
  }
  EXPECT_TRUE(all_have_it());
}

TEST_P(CommunicatorContract, nobody_gets_what_was_meant_for_another) {
  ASSERT_TRUE(arrives(end(1), end(2), ReadQuery{1}));
  ASSERT_TRUE(arrives(end(1), end(3), ReadQuery{2}));
  EXPECT_FALSE(end(2).has(NodeId(1), Incarnation(1), ReadQuery{2}));
  EXPECT_FALSE(end(3).has(NodeId(1), Incarnation(1), ReadQuery{1}));
  EXPECT_TRUE(end(1).received().empty());
}

TEST_P(CommunicatorContract, a_large_message_arrives) {
  const std::string payload(world_->payload_bytes_max(), 'x');
  const Message large = Note{"large", Payload::copy_of(payload)};
  EXPECT_TRUE(arrives(end(1), end(2), large));
}

TEST_P(CommunicatorContract, an_unknown_receiver_is_passed_over) {
  end(1).send({NodeId(77)}, {ReadQuery{1}});
  for (int attempt = 0; attempt < kAttempts && end(2).received().empty(); ++attempt) {
    end(1).send({NodeId(77), NodeId(2)}, {ReadQuery{2}});
    world_->run();
  }
  EXPECT_TRUE(end(2).has(NodeId(1), Incarnation(1), ReadQuery{2}));
}

TEST_P(CommunicatorContract, sending_nothing_is_no_mistake) {
  end(1).send({NodeId(2)}, {});
  end(1).send({}, {ReadQuery{1}});
  ASSERT_TRUE(arrives(end(1), end(2), ReadQuery{2}));
  EXPECT_FALSE(end(2).has(NodeId(1), Incarnation(1), ReadQuery{1}));
}

TEST_P(CommunicatorContract, nothing_comes_or_goes_after_stop) {
  ASSERT_TRUE(arrives(end(1), end(2), ReadQuery{1}));
  end(1).send({NodeId(2)}, {ReadQuery{2}});  // Perhaps under way while the receiver stops.
  end(2).stop();
  const std::size_t before = end(2).received().size();
  end(1).send({NodeId(2)}, {ReadQuery{3}});
  end(2).send({NodeId(3)}, {ReadQuery{4}});
  ASSERT_TRUE(arrives(end(1), end(3), ReadQuery{5}));
  EXPECT_EQ(end(2).received().size(), before);
  EXPECT_FALSE(end(3).has(NodeId(2), Incarnation(2), ReadQuery{4}));
}

TEST_P(CommunicatorContract, stopping_twice_is_no_mistake) {
  end(2).stop();
  end(2).stop();
  EXPECT_TRUE(arrives(end(1), end(3), ReadQuery{1}));
}

TEST_P(CommunicatorContract, a_node_that_starts_again_is_heard_with_its_new_incarnation) {
  for (const std::size_t number : {std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
    const NodeId id(number);
    const std::size_t other = number == 1 ? 2 : 1;
    ASSERT_TRUE(arrives(end(number), end(other), ReadQuery{1}));
    end(number).stop();
    ends_[number - 1] = nullptr;
    ends_[number - 1] = make(id, Incarnation(100 + number));
    end(number).start(members_);
    EXPECT_TRUE(arrives(end(number), end(other), ReadQuery{2})) << "from node " << number;
    EXPECT_TRUE(arrives(end(other), end(number), ReadQuery{3})) << "to node " << number;
    EXPECT_FALSE(end(other).has(id, Incarnation(number), ReadQuery{2}));
  }
}

TEST_P(CommunicatorContract, members_may_be_told_again) {
  for (const auto& one : ends_) one->reach(members_);
  EXPECT_TRUE(arrives(end(1), end(2), ReadQuery{1}));
  for (const auto& one : ends_) one->reach(members_);
  EXPECT_TRUE(arrives(end(1), end(2), ReadQuery{2}));
  EXPECT_TRUE(arrives(end(2), end(1), ReadQuery{3}));
}

}  // namespace synod::testing
