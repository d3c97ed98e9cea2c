// File: tests/support/small_cluster.hpp
//
// A few whole nodes (replica, runner, decorations) in a small world.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <synod/runner.hpp>
#include <synod/status.hpp>

#include "support/small_world.hpp"

namespace synod::testing {

// The log itself as a state: what was applied, in order.
class LogState final : public StateMachine {
 public:
  explicit LogState(std::uint64_t concurrency) : concurrency_(concurrency) {}

  ApplyResult apply(RoundNum round, const Entry& entry) override;
  void skip(RoundNum, const Entry&, SkipReason) override {}
  std::shared_ptr<const Cluster> cluster_at(RoundNum) const override { return nullptr; }
  std::uint64_t concurrency() const override { return concurrency_; }
  bool save(Bytes& out) const override;
  bool load(std::span<const std::byte> bytes) override;
  void drop() override { applied.clear(); }

  std::vector<EntryId> applied;

 private:
  std::uint64_t concurrency_;
};

class SmallCluster {
 public:
  using Decorations = std::vector<std::unique_ptr<Decoration>>;
  // Makes the decorations of one node.
  using Decorate = std::function<Decorations(NodeId)>;

  struct Result {
    EntryId id;
    std::optional<absl::StatusOr<AppendReceipt>> outcome;  // Empty: it still waits.
  };
  struct Node {
    NodeId id;
    Disk disk;
    std::unique_ptr<WorldRuntime> runtime;
    std::unique_ptr<WorldStorage> storage;
    std::unique_ptr<WorldCommunicator> communicator;
    std::unique_ptr<LogState> state;
    std::unique_ptr<Runner> runner;
    std::vector<std::shared_ptr<Result>> results;
    std::optional<absl::Status> stopped;
  };

  SmallCluster(std::size_t size, Decorate decorate);

  // Starts one node, from what its disk holds; all of them.
  void start(std::uint64_t id);
  void start_all();
  // Ends the process of a node: only its disk remains.
  void crash(std::uint64_t id);
  [[nodiscard]] bool runs(std::uint64_t id) const { return nodes_.at(id)->runner != nullptr; }

  Node& node(std::uint64_t id) { return *nodes_.at(id); }
  Runner& runner(std::uint64_t id) { return *nodes_.at(id)->runner; }
  ReplicaView view(std::uint64_t id) { return runner(id).view(); }

  std::shared_ptr<Result> append(std::uint64_t id, AppendRequest request = {});
  // Lets time pass until it has ended; true where the entry took effect.
  bool settle(const Result& result, Duration longest = std::chrono::seconds(5));
  bool run_until(const std::function<bool()>& condition,
                 Duration longest = std::chrono::seconds(5)) {
    return world.run_until(condition, longest);
  }
  // The node that leads, 0: none or several.
  [[nodiscard]] std::uint64_t leader();
  bool run_until_active();
  // Drops everything between these two groups, both ways.
  void cut(std::vector<std::uint64_t> left, std::vector<std::uint64_t> right);
  // Everybody agrees on what was applied, as far as both went, and no entry is there twice.
  [[nodiscard]] bool agree();

  World world;
  Network network{world};
  RunnerOptions options;           // For nodes that start from now on.
  std::uint64_t concurrency = 64;

 private:
  Decorate decorate_;
  std::map<std::uint64_t, std::unique_ptr<Node>> nodes_;
  Prng prng_{20'240'601};
  std::uint64_t starts_ = 0;
};

}  // namespace synod::testing
