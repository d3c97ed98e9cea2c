#include "simulation/faults/link_faults.hpp"

namespace synod::simulation {
namespace {

using std::chrono::milliseconds;

// Apart from the cuts of partitions, which mend by themselves.
constexpr std::uint8_t kFlapLayer = 1;
constexpr Duration kFlapMax = milliseconds(200);

}  // namespace

bool LinkFaults::strike(Fault fault) {
  switch (fault) {
    case Fault::kFlapping: {
      stage_.count(fault);
      const Way way = any_way();
      flap(way, stage_.world.scheduler.now().after(stage_.length() * 4), true);
      return true;
    }
    case Fault::kClog: {
      stage_.count(fault);
      const Way way = any_way();
      clog(way, Duration::zero(), stage_.length());
      return true;
    }
    case Fault::kSwizzle:
      stage_.count(fault);
      swizzle();
      return true;
    default:
      return false;
  }
}

LinkFaults::Way LinkFaults::any_way() { return {stage_.any_node().id(), stage_.any_node().id()}; }

void LinkFaults::flap(Way way, Timestamp until, bool down) {
  const bool over = stage_.world.scheduler.now() >= until;
  stage_.world.network.cut(way.first, way.second, down && !over, kFlapLayer);
  if (over) return;
  stage_.later(stage_.prng.between(milliseconds(1), kFlapMax),
               [this, way, until, down] { flap(way, until, !down); });
}

void LinkFaults::clog(Way way, Duration after, Duration length) {
  stage_.later(after, [this, way, length] {
    stage_.world.trace(way.first, "is held back on the way to " + to_string(way.second));
    stage_.world.network.clog(way.first, way.second);
    stage_.later(length, [this, way] {
      stage_.world.network.clog(way.first, way.second, false);
      stage_.world.trace(way.first, "floods " + to_string(way.second));
    });
  });
}

// Clogs some nodes' links one after the other; each opens after a time of its own, so in another
// order.
void LinkFaults::swizzle() {
  const std::uint64_t some = stage_.prng.next();
  for (const auto& node : stage_.nodes) {
    if (!has(some, node->id())) continue;
    const Duration after = stage_.length();
    const Duration length = stage_.length();
    for (const auto& other : stage_.nodes) {
      clog({node->id(), other->id()}, after, length);
      clog({other->id(), node->id()}, after, length);
    }
  }
}

}  // namespace synod::simulation
