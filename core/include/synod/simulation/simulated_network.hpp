// File: simulated_network.hpp
//
// A network that loses, repeats, reorders, delays, cuts and damages, and never forges. Every
// message is encoded as a frame, carried and decoded, as between machines. Each direction between
// two nodes is a link of its own, with conditions of its own where it was given some.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <synod/communicator.hpp>
#include <synod/limits.hpp>
#include <synod/prng.hpp>
#include <synod/simulation/scheduler.hpp>
#include <synod/simulation/timeline.hpp>

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
  // This share comes once more, up to `replay_delay` later: also into a later life of the receiver.
  double replays = 0;
  Duration replay_delay = std::chrono::seconds(60);
  // After this share of the messages the link loses everything for up to `burst_length`.
  double bursts = 0;
  Duration burst_length = std::chrono::milliseconds(200);
  // This share is changed on the way. A checksum or the decoder must refuse it.
  double mutations = 0;
  std::uint64_t bytes_per_second = 0;  // What follows queues behind. 0: any number.
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
  std::uint64_t replayed = 0;
  std::uint64_t bursts = 0;  // Began.
  std::uint64_t held = 0;    // By a link that was clogged.
  std::uint64_t queued = 0;  // Behind others, for want of bandwidth.
  std::uint64_t mutated = 0;
  std::uint64_t mended = 0;  // Of those, given checksums that hold: only the decoder saw them.
  std::uint64_t forged = 0;  // Changed frames that would have been taken for messages: a bug.
};

class SimulatedNetwork {
 public:
  // Sees every delivery, before the receiver does.
  using Observer =
      std::function<void(NodeId to, const Received&, std::span<const std::byte> frame)>;
  // Sees what becomes of each message, from kSent to kRefused. `message` is null where it is not at
  // hand; `number` tells which one it is.
  using Watch = std::function<void(Happening, std::uint64_t number, NodeId from, NodeId to,
                                   const Message* message)>;

  SimulatedNetwork(Scheduler& scheduler, std::uint64_t seed, NetworkConditions conditions,
                   const Limits& limits);
  ~SimulatedNetwork();

  // The lane that deliveries to `node` run in; it outlives the network. Ids are small numbers
  // from 1.
  void add(NodeId node, Lane& lane);
  // A communicator for one life of `node`; it must not outlive the network.
  [[nodiscard]] std::unique_ptr<Communicator> connect(NodeId node);

  // Of every link that was not given conditions of its own.
  void set_conditions(NetworkConditions conditions) { conditions_ = conditions; }
  [[nodiscard]] const NetworkConditions& conditions() const { return conditions_; }
  // Of the way from one node to another alone; nothing: as all the others again.
  void set_conditions(NodeId from, NodeId to, std::optional<NetworkConditions> conditions);
  // Cuts, or mends, the way from one node to another: one direction. It is whole when every layer
  // is: so that one fault does not mend what another one cut.
  void cut(NodeId from, NodeId to, bool is_cut = true, std::uint8_t layer = 0);
  // Mends everything in one layer.
  void mend_all(std::uint8_t layer = 0);
  // A clogged link holds back what is sent; open again, it delivers all of it at once.
  void clog(NodeId from, NodeId to, bool is_clogged = true);
  // Good conditions, no cut in any layer, no clog.
  void heal(NodeId from, NodeId to);
  [[nodiscard]] bool is_cut(NodeId from, NodeId to) const;

  void on_passage(Watch watch) { watch_ = std::move(watch); }
  void on_delivery(Observer observer) { observer_ = std::move(observer); }
  [[nodiscard]] const NetworkStats& stats() const { return stats_; }

 private:
  class Endpoint;
  using Frame = std::shared_ptr<const Bytes>;
  // One frame on its way to one receiver.
  struct Passage {
    NodeId from;
    NodeId to;
    std::uint64_t number = 0;
    Frame frame;
  };
  struct Link {
    std::uint8_t cut_by = 0;  // Layers.
    bool clogged = false;
    std::vector<Passage> held;
    Timestamp lost_until;  // A burst.
    Timestamp busy_until;
    std::optional<NetworkConditions> conditions;
  };
  struct Port {
    Lane* lane = nullptr;
    Endpoint* endpoint = nullptr;  // Of the present life; null while the node is down.
    std::vector<Link> to;
  };

  void carry(Passage passage, const Message& message);
  void send_over(Link& link, const NetworkConditions& conditions, Passage passage);
  void mutate_over(const NetworkConditions& conditions, const Passage& passage);
  // Whether the link loses this message.
  [[nodiscard]] bool loses(Link& link, const NetworkConditions& conditions);
  [[nodiscard]] Duration delay(const NetworkConditions& conditions);
  // How long the frame waits until the link is free, and takes to pass.
  [[nodiscard]] Duration queueing(Link& link, const NetworkConditions& conditions,
                                  std::size_t bytes);
  void schedule(Passage passage, Duration delay);
  void deliver(const Passage& passage);
  void deliver_changed(const Passage& passage, bool mended);
  void tell(Happening happening, const Passage& passage, const Message* message = nullptr) const {
    if (watch_) watch_(happening, passage.number, passage.from, passage.to, message);
  }
  Port& port(NodeId node);
  [[nodiscard]] Link& link(NodeId from, NodeId to) { return port(from).to[to.value()]; }

  Scheduler& scheduler_;
  Prng prng_;
  NetworkConditions conditions_;
  Limits limits_;
  std::vector<Port> ports_;
  Observer observer_;
  Watch watch_;
  NetworkStats stats_;
};

}  // namespace synod::simulation
