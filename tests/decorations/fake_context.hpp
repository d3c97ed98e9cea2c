// File: tests/decorations/fake_context.hpp
//
// A decoration's view of a node that is not there.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <synod/decoration.hpp>

namespace synod::testing {

class FakeContext final : public DecorationContext {
 public:
  struct Sent {
    std::vector<NodeId> to;
    Bytes bytes;
  };

  explicit FakeContext(std::uint64_t id, std::size_t members = 3) {
    view.id = NodeId(id);
    view.participation = Participation::kActive;
    view.standing = Standing::kFollowing;
    auto cluster = std::make_shared<Cluster>();
    for (std::uint64_t member = 1; member <= members; ++member) {
      cluster->members.push_back({.id = NodeId(member)});
    }
    view.cluster = std::move(cluster);
  }

  Timestamp now() const override { return time; }
  ReplicaView replica() const override { return view; }
  Prng& prng() override { return random; }
  void append(AppendRequest request) override { appends.push_back(std::move(request)); }
  void fetch(FetchRange range) override { fetches.push_back(range); }
  void send(std::span<const NodeId> to, std::span<const std::byte> bytes) override {
    sent.push_back({{to.begin(), to.end()}, {bytes.begin(), bytes.end()}});
  }
  void eject(std::string) override {}

  // Lets time pass, and calls the decorations when they asked for it.
  void pass(Duration duration, std::initializer_list<Decoration*> decorations) {
    const Timestamp end = time.after(duration);
    for (;;) {
      Timestamp next = end;
      for (Decoration* decoration : decorations) {
        next = std::min(next, decoration->deadline());
      }
      time = std::max(time, next);
      bool called = false;
      for (Decoration* decoration : decorations) {
        if (decoration->deadline() <= time) {
          decoration->on_deadline(*this);
          called = true;
        }
      }
      if (!called && time >= end) {
        return;
      }
    }
  }

  Timestamp time{10'000'000};
  ReplicaView view;
  Prng random{99};
  std::vector<AppendRequest> appends;
  std::vector<FetchRange> fetches;
  std::vector<Sent> sent;
};

inline CoordNum coord(std::uint64_t counter, std::uint64_t proposer) {
  return {counter, NodeId(proposer), Incarnation(proposer)};
}

// This node obeyed `leader`, whom a quorum answered `quorum_age` ago.
inline Directive directive(DirectiveKind kind, std::uint64_t leader, std::uint64_t counter,
                           Timestamp at, Duration quorum_age = Duration::zero()) {
  return {kind, NodeId(leader), RoundNum(1), coord(counter, leader), at, quorum_age};
}

}  // namespace synod::testing
