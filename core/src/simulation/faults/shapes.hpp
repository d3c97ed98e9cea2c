// Partial partitions: networks in which some reach some.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <synod/types.hpp>

namespace synod::simulation {

// The first node of the order that is given is the leader, unless said otherwise.
enum class Shape : std::uint8_t {
  kChain,                // Each reaches its neighbours in the order only.
  kRing,                 // The same, and the ends reach each other.
  kStar,                 // All reach the leader only.
  kQuorumLoss,           // All reach the second node only.
  kConstrainedElection,  // The leader reaches nobody, all others reach the second node only.
  kOneLink,              // Whole but for the link between the first two nodes.
  kInOnly,               // The leader hears and is not heard.
  kOutOnly,              // The leader is heard and does not hear.
};
inline constexpr Shape kShapes[] = {Shape::kChain,
                                    Shape::kRing,
                                    Shape::kStar,
                                    Shape::kQuorumLoss,
                                    Shape::kConstrainedElection,
                                    Shape::kOneLink,
                                    Shape::kInOnly,
                                    Shape::kOutOnly};

[[nodiscard]] std::string_view to_string(Shape shape);

// Whether a message from the node at place `from` of `size` reaches the one at place `to`.
[[nodiscard]] bool reaches(Shape shape, std::size_t size, std::size_t from, std::size_t to);

}  // namespace synod::simulation
