#include <synod/simulation/simulated_network.hpp>

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include <synod/check.hpp>
#include <synod/wire.hpp>

#include "simulation/mutation.hpp"

namespace synod::simulation {

namespace {

// Exponentially distributed, near enough, in whole numbers alone: the same on every machine.
Duration exponential(Prng& prng, Duration mean) {
  const std::uint64_t draw = prng.next() | 1;
  const auto zeros = static_cast<std::uint64_t>(std::countl_zero(draw));
  const std::uint64_t fraction = (draw << zeros >> 47) & 0xffff;
  constexpr std::uint64_t kLogarithmOfTwo = 45426;  // In 65536ths.
  const std::uint64_t bits = (zeros << 16) + 0x10000 - fraction;
  const std::uint64_t share = bits * kLogarithmOfTwo >> 16;
  return Duration(mean.count() * static_cast<std::int64_t>(share) >> 16);
}

constexpr std::size_t kHeldMax = 10'000;
constexpr Duration kQueueingMax = std::chrono::seconds(5);

}  // namespace

// One life of a node on the network.
class SimulatedNetwork::Endpoint final : public Communicator {
 public:
  Endpoint(SimulatedNetwork& network, NodeId id) : network_(network), id_(id) {}
  ~Endpoint() override { stop(); }

  void start(const LocalIdentity& self, Receiver& receiver) override {
    self_ = self;
    receiver_ = &receiver;
    network_.port(id_).endpoint = this;
  }

  void send(std::span<const Outgoing> turn) override {
    if (receiver_ == nullptr) return;
    for (const Outgoing& outgoing : turn) {
      auto frame = std::make_shared<Bytes>();
      encode_frame({self_.cluster, self_.id, self_.incarnation}, outgoing.message, *frame);
      const Frame shared = std::move(frame);
      for (const NodeId to : outgoing.to) network_.carry(id_, to, shared);
    }
  }

  void reach(const std::vector<Member>& /*members*/) override {}

  void stop() override {
    if (receiver_ == nullptr) return;
    receiver_ = nullptr;
    if (network_.port(id_).endpoint == this) network_.port(id_).endpoint = nullptr;
  }

  [[nodiscard]] ClusterId cluster() const { return self_.cluster; }
  void receive(std::span<Received> received) { receiver_->receive(received); }

 private:
  SimulatedNetwork& network_;
  NodeId id_;
  LocalIdentity self_;
  Receiver* receiver_ = nullptr;
};

SimulatedNetwork::SimulatedNetwork(Scheduler& scheduler, std::uint64_t seed,
                                   NetworkConditions conditions, const Limits& limits)
    : scheduler_(scheduler), prng_(seed), conditions_(conditions), limits_(limits) {}

SimulatedNetwork::~SimulatedNetwork() = default;

void SimulatedNetwork::add(NodeId node, Lane& lane) {
  SYNOD_CHECK(node.value() > 0 && node.value() < 1000, "simulated nodes have small ids");
  if (ports_.size() <= node.value()) ports_.resize(node.value() + 1);
  for (Port& each : ports_) each.to.resize(ports_.size());
  ports_[node.value()].lane = &lane;
}

std::unique_ptr<Communicator> SimulatedNetwork::connect(NodeId node) {
  return std::make_unique<Endpoint>(*this, node);
}

SimulatedNetwork::Port& SimulatedNetwork::port(NodeId node) { return ports_[node.value()]; }

void SimulatedNetwork::set_conditions(NodeId from, NodeId to,
                                      std::optional<NetworkConditions> conditions) {
  link(from, to).conditions = conditions;
}

void SimulatedNetwork::cut(NodeId from, NodeId to, bool is_cut, std::uint8_t layer) {
  const auto bit = static_cast<std::uint8_t>(1u << layer);
  std::uint8_t& cut_by = link(from, to).cut_by;
  cut_by = static_cast<std::uint8_t>(is_cut ? cut_by | bit : cut_by & ~bit);
}

bool SimulatedNetwork::is_cut(NodeId from, NodeId to) const {
  return ports_[from.value()].to[to.value()].cut_by != 0;
}

void SimulatedNetwork::mend_all(std::uint8_t layer) {
  for (std::size_t from = 0; from < ports_.size(); ++from) {
    for (std::size_t to = 0; to < ports_.size(); ++to) cut(NodeId(from), NodeId(to), false, layer);
  }
}

void SimulatedNetwork::clog(NodeId from, NodeId to, bool is_clogged) {
  Link& clogged = link(from, to);
  clogged.clogged = is_clogged;
  if (is_clogged) return;
  for (Frame& frame : std::exchange(clogged.held, {})) {
    schedule(to, std::move(frame), conditions_.delay_min);
  }
}

void SimulatedNetwork::heal(NodeId from, NodeId to) {
  clog(from, to, false);
  link(from, to) = Link{};
  link(from, to).conditions = NetworkConditions{};
}

void SimulatedNetwork::carry(NodeId from, NodeId to, const Frame& frame) {
  if (to.value() >= ports_.size() || port(to).lane == nullptr) return;
  ++stats_.sent;
  Link& way = link(from, to);
  const NetworkConditions& conditions = way.conditions ? *way.conditions : conditions_;
  if (way.cut_by != 0) {
    ++stats_.cut;
  } else if (way.clogged) {
    ++stats_.held;
    if (way.held.size() < kHeldMax) way.held.push_back(frame);
  } else if (loses(way, conditions)) {
    ++stats_.lost;
  } else if (prng_.chance(conditions.mutations)) {
    mutate_over(conditions, to, frame);
  } else {
    send_over(way, conditions, to, frame);
  }
}

bool SimulatedNetwork::loses(Link& link, const NetworkConditions& conditions) {
  if (scheduler_.now() < link.lost_until) return true;
  if (prng_.chance(conditions.bursts)) {
    ++stats_.bursts;
    link.lost_until =
        scheduler_.now().after(prng_.between(Duration::zero(), conditions.burst_length));
  }
  return prng_.chance(conditions.loss);
}

Duration SimulatedNetwork::delay(const NetworkConditions& conditions) {
  return conditions.delay_min + exponential(prng_, conditions.delay_mean);
}

Duration SimulatedNetwork::queueing(Link& link, const NetworkConditions& conditions,
                                    std::size_t bytes) {
  if (conditions.bytes_per_second == 0) return Duration::zero();
  const Duration takes(static_cast<std::int64_t>(bytes * 1'000'000 / conditions.bytes_per_second));
  const Timestamp now = scheduler_.now();
  if (link.busy_until > now) ++stats_.queued;
  link.busy_until = std::max(link.busy_until, now).after(takes);
  return link.busy_until.since(now);
}

void SimulatedNetwork::send_over(Link& link, const NetworkConditions& conditions, NodeId to,
                                 const Frame& frame) {
  // As a sender that drops the oldest when its queue is full: nothing waits for ever.
  const Duration waits = queueing(link, conditions, frame->size());
  if (waits > kQueueingMax) {
    link.busy_until = scheduler_.now().after(kQueueingMax);
    ++stats_.lost;
    return;
  }
  if (prng_.chance(conditions.duplication)) {
    ++stats_.duplicated;
    schedule(to, frame, delay(conditions) * static_cast<int>(1 + prng_.below(20)));
  }
  if (prng_.chance(conditions.replays)) {
    ++stats_.replayed;
    schedule(to, frame, prng_.between(Duration::zero(), conditions.replay_delay));
  }
  Duration first = delay(conditions) + waits;
  if (prng_.chance(conditions.stragglers)) {
    ++stats_.stragglers;
    first += prng_.between(Duration::zero(), conditions.straggler_delay);
  }
  schedule(to, frame, first);
}

void SimulatedNetwork::schedule(NodeId to, Frame frame, Duration delay) {
  scheduler_.at_any_life(scheduler_.now().after(delay), *port(to).lane,
                         [this, to, frame = std::move(frame)] { deliver(to, frame); });
}

void SimulatedNetwork::deliver(NodeId to, const Frame& frame) {
  Endpoint* endpoint = port(to).endpoint;
  if (endpoint == nullptr) {
    ++stats_.nobody_there;
    return;
  }
  auto decoded = decode_frame(frame, *frame, limits_);
  if (!decoded.ok() || decoded->first.cluster != endpoint->cluster()) {
    ++stats_.refused;
    return;
  }
  ++stats_.delivered;
  Received received{decoded->first.from, decoded->first.incarnation, std::move(decoded->second)};
  if (observer_) observer_(to, received, *frame);
  endpoint->receive({&received, 1});
}

// Nothing is delivered, whatever comes of it: only what is refused may be.
void SimulatedNetwork::deliver_changed(const Frame& frame, bool mended) {
  const auto decoded = decode_frame(frame, *frame, limits_);
  if (!decoded.ok()) {
    ++stats_.refused;
  } else if (!mended) {
    ++stats_.forged;
  }
}

void SimulatedNetwork::mutate_over(const NetworkConditions& conditions, NodeId to,
                                   const Frame& frame) {
  ++stats_.mutated;
  const bool mended = prng_.chance(0.5);
  stats_.mended += mended ? 1 : 0;
  auto changed = std::make_shared<Bytes>(*frame);
  mutate_frame(prng_, mended, *changed);
  if (*changed == *frame) return;  // As good as lost.
  scheduler_.at_any_life(
      scheduler_.now().after(delay(conditions)), *port(to).lane,
      [this, mended, frame = Frame(std::move(changed))] { deliver_changed(frame, mended); });
}

}  // namespace synod::simulation
