#include "simulation/faults/shapes.hpp"

namespace synod::simulation {

std::string_view to_string(Shape shape) {
  switch (shape) {
    case Shape::kChain:
      return "chain";
    case Shape::kRing:
      return "ring";
    case Shape::kStar:
      return "star";
    case Shape::kQuorumLoss:
      return "quorum loss";
    case Shape::kConstrainedElection:
      return "constrained election";
    case Shape::kOneLink:
      return "one link";
    case Shape::kInOnly:
      return "leader in-only";
    case Shape::kOutOnly:
      return "leader out-only";
  }
  return "unknown";
}

bool reaches(Shape shape, std::size_t size, std::size_t from, std::size_t to) {
  const std::size_t low = from < to ? from : to;
  const std::size_t high = from < to ? to : from;
  switch (shape) {
    case Shape::kChain:
      return high - low == 1;
    case Shape::kRing:
      return high - low == 1 || high - low == size - 1;
    case Shape::kStar:
      return low == 0;
    case Shape::kQuorumLoss:
      return low == 1 || high == 1;
    case Shape::kConstrainedElection:
      return low == 1;
    case Shape::kOneLink:
      return low != 0 || high != 1;
    case Shape::kInOnly:
      return from != 0;
    case Shape::kOutOnly:
      return to != 0;
  }
  return true;
}

}  // namespace synod::simulation
