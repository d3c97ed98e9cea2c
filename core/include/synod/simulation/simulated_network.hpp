// File: simulated_network.hpp
//
// A network that loses, repeats, reorders, delays and cuts, and never forges. Every message is
// encoded as a frame, carried and decoded, as between machines.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <synod/communicator.hpp>
#include <synod/limits.hpp>
#include <synod/prng.hpp>
#include <synod/simulation/scheduler.hpp>

namespace synod::simulation {

struct NetworkConditions {
  Duration delay_min = std::chrono::microseconds(50);
  Duration delay_mean = std::chrono::microseconds(500);  // Above the minimum, exponential.
  double loss = 0;
  double duplication = 0;
  // This share of the messages comes late, by up to `straggler_delay`: also into a later life of
  // the receiver.
  double stragglers = 0;
  Duration straggler_delay = std::chrono::seconds(30);
};

struct NetworkStats {
  std::uint64_t sent = 0;  // Each receiver counts.
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t stragglers = 0;
  std::uint64_t cut = 0;           // By a partition.
  std::uint64_t nobody_there = 0;  // The receiver was down.
  std::uint64_t refused = 0;       // Did not decode, or came from a stranger.
};

class SimulatedNetwork {
 public:
  // Sees every delivery, before the receiver does.
  using Observer =
      std::function<void(NodeId to, const Received&, std::span<const std::byte> frame)>;

  SimulatedNetwork(Scheduler& scheduler, std::uint64_t seed, NetworkConditions conditions,
                   const Limits& limits);
  ~SimulatedNetwork();

  // The lane that deliveries to `node` run in; it outlives the network. Ids are small numbers
  // from 1.
  void add(NodeId node, Lane& lane);
  // A communicator for one life of `node`; it must not outlive the network.
  [[nodiscard]] std::unique_ptr<Communicator> connect(NodeId node);

  void set_conditions(NetworkConditions conditions) { conditions_ = conditions; }
  [[nodiscard]] const NetworkConditions& conditions() const { return conditions_; }
  // Cuts, or mends, the way from one node to another: one direction.
  void cut(NodeId from, NodeId to, bool is_cut = true);
  void mend_all();

  void on_delivery(Observer observer) { observer_ = std::move(observer); }
  [[nodiscard]] const NetworkStats& stats() const { return stats_; }

 private:
  class Endpoint;
  struct Port {
    Lane* lane = nullptr;
    Endpoint* endpoint = nullptr;  // Of the present life; null while the node is down.
    std::vector<bool> cut_to;
  };
  using Frame = std::shared_ptr<const Bytes>;

  void carry(NodeId from, NodeId to, const Frame& frame);
  void schedule(NodeId to, Frame frame, Duration delay);
  void deliver(NodeId to, const Frame& frame);
  Port& port(NodeId node);

  Scheduler& scheduler_;
  Prng prng_;
  NetworkConditions conditions_;
  Limits limits_;
  std::vector<Port> ports_;
  Observer observer_;
  NetworkStats stats_;
};

}  // namespace synod::simulation
