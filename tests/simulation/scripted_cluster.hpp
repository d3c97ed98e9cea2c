// A simulated cluster that a test plays by hand: it starts, cuts, crashes and asks as it is told.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <synod/simulation/cluster.hpp>

#include "simulation/check/factory_observer.hpp"
#include "simulation/simulated_node.hpp"

namespace synod::simulation {

class ScriptedCluster {
 public:
  explicit ScriptedCluster(SimulationOptions given, std::uint64_t spares = 0)
      : options(std::move(given)), world(options, founders(options.nodes), options.seed) {
    world.observer = &observer;
    observer.begin(world.checker);
    for (std::uint64_t id = 1; id <= options.nodes + spares; ++id) {
      world.peers.push_back(NodeId(id));
      nodes.push_back(std::make_unique<SimulatedNode>(world, NodeId(id), options.seed * 64 + id,
                                                      ClockDrift{std::chrono::seconds(id), 0}));
      nodes.back()->disk_faults().delay_max = std::chrono::milliseconds(2);
      nodes.back()->set_in_service(id <= options.nodes);
    }
  }

  // Starts the founders; false where they do not come to vote.
  bool found() {
    for (auto& node : nodes) {
      if (node->in_service()) node->start();
    }
    return run_until(std::chrono::seconds(30), [this] {
      for (auto& node : nodes) {
        if (node->in_service() && !votes(*node)) return false;
      }
      return true;
    });
  }
  static bool votes(SimulatedNode& node) {
    return node.ready() && node.view().participation == Participation::kActive;
  }

  void run(Duration length) { world.scheduler.run_until(world.scheduler.now().after(length)); }
  bool run_until(Duration limit, const std::function<bool()>& reached) {
    const Timestamp end = world.scheduler.now().after(limit);
    while (!reached()) {
      if (world.scheduler.now() >= end) return false;
      run(std::chrono::milliseconds(1));
    }
    return true;
  }

  // Asks `node`; `done` hears whether it succeeded.
  void append(SimulatedNode& node, std::string text, Duration timeout,
              std::function<void(bool)> done) {
    AppendRequest request;
    request.entry.id = prng.entry_id();
    request.entry.kind = EntryKind::kState;
    request.entry.payload = Payload::copy_of(text);
    request.deadline = node.local_now().after(timeout);
    world.checker.on_append(request.entry.id);
    request.done = [this, id = request.entry.id,
                    done = std::move(done)](const absl::StatusOr<AppendReceipt>& result) {
      if (result.ok()) world.checker.on_acknowledged(id, result->round);
      done(result.ok());
    };
    node.append(std::move(request));
  }
  // Appends at node `id` and waits; tries again while there is time.
  bool append_now(std::uint64_t id, const std::string& text = "x",
                  Duration timeout = std::chrono::seconds(10)) {
    int answer = 0;
    append(node(id), text, timeout, [&answer](bool ok) { answer = ok ? 1 : 2; });
    return run_until(timeout + timeout, [&answer] { return answer != 0; }) && answer == 1;
  }

  [[nodiscard]] SimulatedNode& node(std::uint64_t id) { return *nodes[id - 1]; }
  // Cuts, or mends, everything between this node and the others.
  void isolate(std::uint64_t id, bool is_cut = true) {
    for (auto& other : nodes) {
      world.network.cut(NodeId(id), other->id(), is_cut);
      world.network.cut(other->id(), NodeId(id), is_cut);
    }
  }
  [[nodiscard]] std::string violations() const {
    std::string text;
    for (const std::string& each : world.checker.violations()) text += each + "\n";
    return text;
  }

  static Cluster founders(std::uint64_t count) {
    Cluster cluster;
    for (std::uint64_t id = 1; id <= count; ++id) {
      cluster.members.push_back(Member{.id = NodeId(id)});
    }
    return cluster;
  }

  SimulationOptions options;
  FactoryObserver observer{options};
  World world;
  std::vector<std::unique_ptr<SimulatedNode>> nodes;
  Prng prng{7};
};

}  // namespace synod::simulation
