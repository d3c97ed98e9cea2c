// The protocol by itself: three replicas of one process settle batches of entries, without any I/O.
// A write is durable at once, and a message arrives as soon as it is sent.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <synod/replica.hpp>

#include "allocation_count.hpp"

namespace synod::bench {
namespace {

constexpr std::size_t kPayloadBytes = 256;

class CountingState final : public StateMachine {
 public:
  ApplyResult apply(RoundNum, const Entry&) override {
    ++applied;
    return {};
  }
  void skip(RoundNum, const Entry&, SkipReason) override {}
  std::shared_ptr<const Cluster> cluster_at(RoundNum) const override { return nullptr; }
  std::uint64_t concurrency() const override { return 4096; }
  bool save(Bytes&) const override { return true; }
  bool load(std::span<const std::byte>) override { return true; }
  void drop() override {}

  std::uint64_t applied = 0;
};

// Three replicas; the first leads.
class Trio {
 public:
  Trio() {
    Cluster founders;
    for (std::uint64_t id = 1; id <= 3; ++id) founders.members.push_back({.id = NodeId(id)});
    for (std::uint64_t id = 1; id <= 3; ++id) {
      ReplicaOptions options;
      options.id = NodeId(id);
      options.incarnation = Incarnation(100 + id);
      options.founders = founders;
      options.seed = id;
      Node& node = nodes_[id - 1];
      node.replica = std::make_unique<Replica>(options, node.state, node.voter, Recovered{}, now_);
    }
    pass(std::chrono::seconds(1));
    settle(std::vector<Payload>(1, payload()));
  }

  static Payload payload() { return Payload::copy_of(std::string(kPayloadBytes, 'x')); }

  // Appends one entry for each payload in one turn of the leader, and runs until it applied them.
  void settle(const std::vector<Payload>& payloads) {
    const std::uint64_t wanted = nodes_[0].state.applied + payloads.size();
    for (const Payload& payload : payloads) {
      Append append;
      append.entry.id = {1, ++last_id_};
      append.entry.kind = EntryKind::kState;
      append.entry.payload = payload;
      step(nodes_[0], std::move(append));
    }
    drain();
    while (nodes_[0].state.applied < wanted) pass(std::chrono::milliseconds(1));
  }

  std::uint64_t allocations_in_core = 0;
  std::uint64_t messages = 0;
  std::uint64_t syncs = 0;

 private:
  struct Node {
    CountingState state;
    IndiscriminateVoter voter;
    std::unique_ptr<Replica> replica;
    Output output;
    std::vector<Input> inbox;
    std::vector<Input> at_hand;
    bool stepped = true;
  };

  void step(Node& node, Input input) {
    const std::uint64_t before = allocations();
    node.replica->step(now_, std::move(input));
    allocations_in_core += allocations() - before;
    node.stepped = true;
  }

  void take_output(Node& node) {
    node.stepped = false;
    const std::uint64_t before = allocations();
    node.replica->take_output(node.output);
    allocations_in_core += allocations() - before;
    Output& output = node.output;
    if (!output.records.empty() || !output.lazy_records.empty()) {
      ++syncs;
      step(node, Written{output.sequence});
    }
    send(node, output.messages);
    send(node, output.after_records);
    output.clear();
  }

  void send(const Node& from, std::vector<Outgoing>& outgoing) {
    const auto id = static_cast<std::uint64_t>(&from - nodes_.data()) + 1;
    for (Outgoing& one : outgoing) {
      messages += one.to.size();
      for (std::size_t i = 0; i + 1 < one.to.size(); ++i) deliver(id, one.to[i], one.message);
      if (!one.to.empty()) deliver(id, one.to.back(), std::move(one.message));
    }
  }
  void deliver(std::uint64_t from, NodeId to, Message message) {
    nodes_[to.value() - 1].inbox.push_back(
        Deliver{NodeId(from), Incarnation(100 + from), std::move(message)});
  }

  void drain() {
    const auto idle = [](const Node& node) { return node.inbox.empty() && !node.stepped; };
    while (!std::all_of(nodes_.begin(), nodes_.end(), idle)) {
      for (Node& node : nodes_) {
        std::swap(node.inbox, node.at_hand);
        for (Input& input : node.at_hand) step(node, std::move(input));
        node.at_hand.clear();
        while (node.stepped) take_output(node);
      }
    }
  }

  // Lets time pass, in steps that no deadline is missed by much.
  void pass(Duration time) {
    const Timestamp end = now_.after(time);
    while (now_ < end) {
      now_ = now_.after(std::min(Duration(1000), end.since(now_)));
      for (Node& node : nodes_) {
        if (node.replica->deadline() <= now_) step(node, Tick{});
      }
      drain();
    }
  }

  std::array<Node, 3> nodes_;
  Timestamp now_{1'000'000};
  std::uint64_t last_id_ = 0;
};

void settle_batches(benchmark::State& state) {
  Trio trio;
  const auto size = static_cast<std::size_t>(state.range(0));
  for (int i = 0; i < 1000; ++i) trio.settle(std::vector<Payload>(size, Trio::payload()));
  const std::vector<Payload> payloads(size, Trio::payload());
  const std::uint64_t allocations_before = trio.allocations_in_core;
  const std::uint64_t messages_before = trio.messages;
  const std::uint64_t syncs_before = trio.syncs;
  for (auto _ : state) trio.settle(payloads);
  const auto batches = static_cast<double>(state.iterations());
  const double entries = batches * static_cast<double>(size);
  state.SetItemsProcessed(static_cast<std::int64_t>(entries));
  state.counters["allocations/entry"] =
      static_cast<double>(trio.allocations_in_core - allocations_before) / entries;
  state.counters["messages/batch"] = static_cast<double>(trio.messages - messages_before) / batches;
  state.counters["syncs/batch"] = static_cast<double>(trio.syncs - syncs_before) / batches;
}

BENCHMARK(settle_batches)->Arg(1)->Arg(8)->Arg(64)->Arg(512);

}  // namespace
}  // namespace synod::bench

BENCHMARK_MAIN();
