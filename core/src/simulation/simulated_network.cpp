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
      for (const NodeId to : outgoing.to) network_.carry({id_, to, 0, shared}, outgoing.message);
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
  for (Passage& passage : std::exchange(clogged.held, {})) {
    schedule(std::move(passage), conditions_.delay_min);
  }
}

void SimulatedNetwork::heal(NodeId from, NodeId to) {
  clog(from, to, false);
  link(from, to) = Link{};
  link(from, to).conditions = NetworkConditions{};
}

void SimulatedNetwork::carry(Passage passage, const Message& message) {
  if (passage.to.value() >= ports_.size() || port(passage.to).lane == nullptr) return;
  passage.number = ++stats_.sent;
  tell(Happening::kSent, passage, &message);
  Link& way = link(passage.from, passage.to);
  const NetworkConditions& conditions = way.conditions ? *way.conditions : conditions_;
  if (way.cut_by != 0) {
    ++stats_.cut;
    tell(Happening::kCut, passage, &message);
  } else if (way.clogged) {
    ++stats_.held;
    if (way.held.size() >= kHeldMax) return tell(Happening::kLost, passage, &message);
    way.held.push_back(std::move(passage));
  } else if (loses(way, conditions)) {
    ++stats_.lost;
    tell(Happening::kLost, passage, &message);
  } else if (prng_.chance(conditions.mutations)) {
    mutate_over(conditions, passage);
  } else {
    send_over(way, conditions, std::move(passage));
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

void SimulatedNetwork::send_over(Link& link, const NetworkConditions& conditions, Passage passage) {
  // As a sender that drops the oldest when its queue is full: nothing waits for ever.
  const Duration waits = queueing(link, conditions, passage.frame->size());
  if (waits > kQueueingMax) {
    link.busy_until = scheduler_.now().after(kQueueingMax);
    ++stats_.lost;
    return tell(Happening::kLost, passage);
  }
  if (prng_.chance(conditions.duplication)) {
    ++stats_.duplicated;
    tell(Happening::kDuplicated, passage);
    const int slower = static_cast<int>(1 + prng_.below(20));
    schedule(passage, slower * delay(conditions));
  }
  if (prng_.chance(conditions.replays)) {
    ++stats_.replayed;
    tell(Happening::kDuplicated, passage);
    schedule(passage, prng_.between(Duration::zero(), conditions.replay_delay));
  }
  Duration first = delay(conditions) + waits;
  if (prng_.chance(conditions.stragglers)) {
    ++stats_.stragglers;
    first += prng_.between(Duration::zero(), conditions.straggler_delay);
  }
  schedule(std::move(passage), first);
}

void SimulatedNetwork::schedule(Passage passage, Duration delay) {
  Lane& lane = *port(passage.to).lane;
  scheduler_.at_any_life(scheduler_.now().after(delay), lane,
                         [this, passage = std::move(passage)] { deliver(passage); });
}

void SimulatedNetwork::deliver(const Passage& passage) {
  const Frame& frame = passage.frame;
  Endpoint* endpoint = port(passage.to).endpoint;
  if (endpoint == nullptr) {
    ++stats_.nobody_there;
    return tell(Happening::kNobodyThere, passage);
  }
  auto decoded = decode_frame(frame, *frame, limits_);
  if (!decoded.ok() || decoded->first.cluster != endpoint->cluster()) {
    ++stats_.refused;
    return tell(Happening::kRefused, passage);
  }
  ++stats_.delivered;
  Received received{decoded->first.from, decoded->first.incarnation, std::move(decoded->second)};
  tell(Happening::kDelivered, passage, &received.message);
  if (observer_) observer_(passage.to, received, *frame);
  endpoint->receive({&received, 1});
}

// Nothing is delivered, whatever comes of it: only what is refused may be.
void SimulatedNetwork::deliver_changed(const Passage& passage, bool mended) {
  const auto decoded = decode_frame(passage.frame, *passage.frame, limits_);
  if (!decoded.ok()) {
    ++stats_.refused;
    tell(Happening::kRefused, passage);
  } else if (!mended) {
    ++stats_.forged;
  }
}

void SimulatedNetwork::mutate_over(const NetworkConditions& conditions, const Passage& passage) {
  ++stats_.mutated;
  const bool mended = prng_.chance(0.5);
  stats_.mended += mended ? 1 : 0;
  auto changed = std::make_shared<Bytes>(*passage.frame);
  mutate_frame(prng_, mended, *changed);
  if (*changed == *passage.frame) return tell(Happening::kLost, passage);  // As good as that.
  Passage arriving{passage.from, passage.to, passage.number, std::move(changed)};
  scheduler_.at_any_life(
      scheduler_.now().after(delay(conditions)), *port(passage.to).lane,
      [this, mended, arriving = std::move(arriving)] { deliver_changed(arriving, mended); });
}

}  // namespace synod::simulation
