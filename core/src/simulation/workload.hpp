// Clients that append entries with ids of their own and read, one thing at a time each.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "simulation/simulated_node.hpp"

namespace synod::simulation {

struct WorkloadStats {
  std::uint64_t appends = 0;  // Attempts.
  std::uint64_t acknowledged = 0;
  std::uint64_t failed = 0;
  std::uint64_t reads = 0;  // Answered.
};

class Workload {
 public:
  using Nodes = std::vector<std::unique_ptr<SimulatedNode>>;

  // Both outlive the workload.
  Workload(World& world, Nodes& nodes, std::uint64_t seed, std::uint64_t entries);

  // Lets the clients begin.
  void begin();
  // No client begins anything new.
  void end() { ended_ = true; }
  // What clients wait for at this node, they will never hear of.
  void node_died(NodeId node);

  // All entries were tried.
  [[nodiscard]] bool done() const { return begun_ >= entries_; }
  // Operations that have no answer yet.
  [[nodiscard]] std::uint64_t outstanding() const { return outstanding_at(~NodeSet{0}); }
  // Of those, the ones that were asked of one of these nodes.
  [[nodiscard]] std::uint64_t outstanding_at(NodeSet nodes) const;
  [[nodiscard]] const WorkloadStats& stats() const { return stats_; }
  // Of an entry that somebody else appends.
  [[nodiscard]] std::uint64_t next_number() { return ++begun_; }

 private:
  struct Client {
    bool busy = false;
    bool reading = false;
    NodeId node;
    std::uint64_t operation = 0;  // Tells a late answer from the one that is waited for.
    Entry entry;
    bool mints_id = true;  // The entry came without one.
    RoundNum bound;        // Of a read.
    std::uint32_t attempts = 0;
    NodeId served_by;  // The node that did what it was asked last; none after a failure.
  };

  void next_after(std::size_t client, Duration pause);
  void next(std::size_t client);
  SimulatedNode* pick_node(const Client& client);
  void append(std::size_t client, SimulatedNode& node);
  void read(std::size_t client, SimulatedNode& node);
  void appended(std::size_t client, std::uint64_t operation,
                const absl::StatusOr<AppendReceipt>& result);
  void was_read(std::size_t client, std::uint64_t operation, const absl::Status& status);
  void retry_or_go_on(std::size_t client);
  void tell_acknowledged(const Client& client, RoundNum round) const;

  World& world_;
  Nodes& nodes_;
  Prng prng_;
  std::uint64_t entries_;
  std::uint64_t begun_ = 0;
  Duration think_max_;
  Duration timeout_;
  double reads_share_;
  double loyalty_;  // How often a client goes to the node again that served it.
  bool ended_ = false;
  std::vector<Client> clients_;
  WorkloadStats stats_;
};

}  // namespace synod::simulation
