#include "simulation/faults/network_faults.hpp"

#include <algorithm>

namespace synod::simulation {
namespace {

using std::chrono::seconds;

// Most partitions are as long as other faults, a few much longer.
constexpr std::uint64_t kOneInLong = 12;
constexpr Duration kLongMin = seconds(5);
constexpr Duration kLongMax = seconds(120);

bool is_partition(Fault fault) {
  return fault == Fault::kPartition || fault == Fault::kOneWay ||
         (fault >= Fault::kIsolateLeader && fault <= Fault::kOneLink);
}

// Links differ: from good to what the plan says.
NetworkConditions draw_link(Prng& prng, NetworkConditions conditions) {
  const auto part = static_cast<double>(prng.below(5)) / 4.0;
  conditions.loss *= part;
  conditions.delay_mean = std::max(NetworkConditions{}.delay_mean,
                                   conditions.delay_mean * static_cast<int>(prng.below(5)) / 4);
  if (prng.chance(0.5)) conditions.bytes_per_second = 0;
  return conditions;
}

}  // namespace

void NetworkFaults::begin() {
  SimulatedNetwork& network = stage_.world.network;
  network.set_conditions(stage_.plan.network);
  for (const auto& a : stage_.nodes) {
    for (const auto& b : stage_.nodes) {
      network.set_conditions(a->id(), b->id(), draw_link(stage_.prng, stage_.plan.network));
    }
  }
}

void NetworkFaults::heal() {
  SimulatedNetwork& network = stage_.world.network;
  for (const auto& a : stage_.nodes) {
    for (const auto& b : stage_.nodes) {
      if (stage_.heals(a->id()) && stage_.heals(b->id())) network.heal(a->id(), b->id());
    }
  }
}

void NetworkFaults::count_up() {
  const NetworkStats& stats = stage_.world.network.stats();
  stage_.count(Fault::kLoss, stats.lost);
  stage_.count(Fault::kDuplication, stats.duplicated);
  stage_.count(Fault::kStragglers, stats.stragglers);
  stage_.count(Fault::kBursts, stats.bursts);
  stage_.count(Fault::kReplay, stats.replayed);
  stage_.count(Fault::kBandwidth, stats.queued);
  stage_.count(Fault::kHostileFrames, stats.mutated);
  if (stage_.plan.faults.has(Fault::kDelay)) stage_.count(Fault::kDelay, stats.delivered);
}

bool NetworkFaults::strike(Fault fault) {
  if (!is_partition(fault)) return false;
  if (stage_.world.scheduler.now() < keep_until_) return true;
  stage_.count(fault);
  stage_.world.network.mend_all();
  cut_off_ = 0;
  part(fault);
  tell(fault);
  mend_later();
  return true;
}

void NetworkFaults::part(Fault fault) {
  switch (fault) {
    case Fault::kPartition:
      return divide(stage_.prng.next());
    case Fault::kIsolateLeader:
      return isolate(stage_.leader().id());
    case Fault::kIsolateOne:
      return isolate(stage_.any_node().id());
    case Fault::kMinority:
      return cut_off_minority();
    case Fault::kOneWay:
      return cut_one_way();
    case Fault::kOneWayPair:
      return cut_pair();
    case Fault::kLeaderInOnly:
      return take(Shape::kInOnly);
    case Fault::kLeaderOutOnly:
      return take(Shape::kOutOnly);
    case Fault::kChain:
      return take(Shape::kChain);
    case Fault::kRing:
      return take(Shape::kRing);
    case Fault::kStar:
      return take(Shape::kStar);
    case Fault::kQuorumLoss:
      return take(Shape::kQuorumLoss);
    case Fault::kConstrainedElection:
      return take(Shape::kConstrainedElection);
    default:
      return take(Shape::kOneLink);
  }
}

void NetworkFaults::tell(Fault fault) const {
  if (!stage_.world.tracing()) return;
  Moment moment{.happening = Happening::kNetworkFault,
                .text = "the network falls apart: " + std::string(to_string(fault))};
  moment.nodes = stage_.ids_in(cut_off_);
  stage_.world.tell(std::move(moment));
}

void NetworkFaults::divide(std::uint64_t side) {
  cut_off_ = side;
  for (const auto& a : stage_.nodes) {
    for (const auto& b : stage_.nodes) {
      const bool apart = has(side, a->id()) != has(side, b->id());
      if (apart) stage_.world.network.cut(a->id(), b->id());
    }
  }
}

void NetworkFaults::isolate(NodeId node) { divide(std::uint64_t{1} << node.value()); }

void NetworkFaults::cut_off_minority() {
  const std::vector<NodeId> order = in_order();
  const std::size_t size = (order.size() - 1) / 2;
  const bool with_leader = stage_.prng.chance(0.5);
  std::uint64_t side = 0;
  for (std::size_t i = 0; i < size; ++i) {
    side |= std::uint64_t{1} << order[with_leader ? i : order.size() - 1 - i].value();
  }
  divide(side);
}

void NetworkFaults::cut_one_way() {
  const NodeId node = stage_.any_node().id();
  const bool unheard = stage_.prng.chance(0.5);
  for (const auto& other : stage_.nodes) {
    if (other->id() == node || stage_.prng.chance(0.2)) continue;
    stage_.world.network.cut(unheard ? node : other->id(), unheard ? other->id() : node);
  }
}

void NetworkFaults::cut_pair() {
  const std::vector<NodeId> order = in_order();
  const std::size_t from = stage_.prng.below(order.size());
  const std::size_t to = stage_.prng.below(order.size());
  if (from != to) stage_.world.network.cut(order[from], order[to]);
}

void NetworkFaults::take(Shape shape) {
  const std::vector<NodeId> order = in_order();
  for (std::size_t from = 0; from < order.size(); ++from) {
    for (std::size_t to = 0; to < order.size(); ++to) {
      const bool whole = from == to || reaches(shape, order.size(), from, to);
      if (!whole) stage_.world.network.cut(order[from], order[to]);
    }
  }
}

std::vector<NodeId> NetworkFaults::in_order() {
  const NodeId leader = stage_.leader().id();
  std::vector<NodeId> order{leader};
  for (const auto& node : stage_.nodes) {
    if (node->in_service() && node->id() != leader) order.push_back(node->id());
  }
  for (std::size_t i = order.size() - 1; i > 1; --i) {
    std::swap(order[i], order[1 + stage_.prng.below(i)]);
  }
  return order;
}

void NetworkFaults::mend_later() {
  Duration length = stage_.length();
  if (stage_.prng.below(kOneInLong) == 0) {
    length = stage_.prng.between(kLongMin, kLongMax);
    keep_until_ = stage_.world.scheduler.now().after(length);
  }
  stage_.later(length, [this, partition = ++partition_] {
    if (partition != partition_) return;
    stage_.world.network.mend_all();
    stage_.world.tell(Happening::kNetworkMended, NodeId(), "the network is whole");
  });
}

}  // namespace synod::simulation
