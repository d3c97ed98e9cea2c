#include <synod/simulation/simulated_network.hpp>

#include <bit>
#include <optional>
#include <utility>

#include <synod/check.hpp>
#include <synod/wire.hpp>

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
  for (Port& each : ports_) each.cut_to.resize(ports_.size(), false);
  ports_[node.value()].lane = &lane;
}

std::unique_ptr<Communicator> SimulatedNetwork::connect(NodeId node) {
  return std::make_unique<Endpoint>(*this, node);
}

SimulatedNetwork::Port& SimulatedNetwork::port(NodeId node) { return ports_[node.value()]; }

void SimulatedNetwork::cut(NodeId from, NodeId to, bool is_cut) {
  port(from).cut_to[to.value()] = is_cut;
}

void SimulatedNetwork::mend_all() {
  for (Port& each : ports_) each.cut_to.assign(ports_.size(), false);
}

void SimulatedNetwork::carry(NodeId from, NodeId to, const Frame& frame) {
  if (to.value() >= ports_.size() || port(to).lane == nullptr) return;
  ++stats_.sent;
  if (port(from).cut_to[to.value()]) {
    ++stats_.cut;
    return;
  }
  if (prng_.chance(conditions_.loss)) {
    ++stats_.lost;
    return;
  }
  const auto delay = [this] {
    return conditions_.delay_min + exponential(prng_, conditions_.delay_mean);
  };
  if (prng_.chance(conditions_.duplication)) {
    ++stats_.duplicated;
    schedule(to, frame, delay() * static_cast<int>(1 + prng_.below(20)));
  }
  Duration first = delay();
  if (prng_.chance(conditions_.stragglers)) {
    ++stats_.stragglers;
    first += prng_.between(Duration::zero(), conditions_.straggler_delay);
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

}  // namespace synod::simulation
